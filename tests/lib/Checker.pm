# Runs a checker as a mail server does, and tells what became of it.
package Checker;

use strict;
use warnings;

use Exporter 'import';
use Fcntl;
use File::Temp;
use FindBin;
use POSIX ();
use Digest::MD5 'md5';

our @EXPORT = qw(build_dir scratch write_file read_file checker attempt
  hmac_md5_hex challenge cram_context);

# The one line of an attempt, as cmd5checkpw(8) documents it.
my $log_line = qr/[\w-]+\[\d+\]: (auth-\w+) service=(\S+) ip=(\S+) mech=(\S+) reason=(\S+)(?: wait=(\d+))? user=("[^"]*"(?:\.\.\.)?)(?: detail=("[^"]*"(?:\.\.\.)?))?/;

my $scratch;

# What a shell starts in the background ignores these two; a login must not depend on it.
$SIG{$_} = 'DEFAULT' for qw(INT QUIT);

# The folder with the programs under test.
sub build_dir { return $ENV{CHECKPW_BUILD} || "$FindBin::Bin/../../build" }

# A folder of this test's own, which everybody may enter.
sub scratch {
	if (!$scratch) {
		$scratch = File::Temp->newdir('checkpw-test-XXXXXX', TMPDIR => 1);
		chmod 0755, "$scratch" or die "chmod $scratch: $!";
	}
	return "$scratch";
}

sub write_file {
	my ($path, $bytes, $mode) = @_;
	unlink $path;
	sysopen my $file, $path, O_WRONLY | O_CREAT | O_EXCL, 0600 or die "$path: $!";
	binmode $file;
	print {$file} $bytes or die "$path: $!";
	close $file or die "$path: $!";
	chmod $mode // 0600, $path or die "chmod $path: $!";
	return $path;
}

sub read_file {
	my ($path) = @_;
	open my $file, '<:raw', $path or return;
	local $/;
	return scalar <$file>;
}

# The checker's program, `cmd5checkpw` by default.
sub checker { return build_dir() . '/bin/' . ($_[0] // 'cmd5checkpw') }

# One run. Named arguments, all optional:
#   message     the bytes on descriptor 3; undef leaves the descriptor closed
#   store       text of the poppasswd; keys beyond `file` and `log` go to
#   config      as text
#   env         variables on top of an empty environment (but for PATH)
#   program     [checker, ...]; before it the words of
#   before      [softlimit, -m, 7340032]
#   subprogram  [probe OUT] by default: its findings are in ->{probe}
#   child       code that runs in the child before exec
# Returns a hash: exit, signal, stdout, log (all of descriptor 2), line (the attempt's log line:
# outcome service ip mech reason wait user detail), probe (undef if the subprogram did not run), env
# (what the probe saw).
sub attempt {
	my (%given) = @_;
	my $dir = scratch();
	my $out = "$dir/probe.out";
	my %env = (PATH => '/usr/bin:/bin', %{ $given{env} || {} });

	unlink $out;
	if (defined $given{store}) {
		write_file("$dir/poppasswd", $given{store});
		$given{file} = "$dir/poppasswd";
	}
	if (!exists $env{CHECKPW_CONF}) {
		my $config = "log = stderr\n";
		$config .= "file = $given{file}\n" if defined $given{file};
		$env{CHECKPW_CONF} = write_file("$dir/conf", $config . ($given{config} // ''));
	}
	my @subprogram = @{ $given{subprogram} || [ build_dir() . '/tests/probe', $out ] };
	my @program = @{ $given{program} || [ checker() ] };
	my @words = (@{ $given{before} || [] }, @program, @subprogram);

	# A file on descriptor 3 would differ from what callers send: a pipe or a socket. It holds
	# 64 KiB, so the message is there before the checker starts.
	pipe my $read, my $write or die "pipe: $!";
	if (defined $given{message}) {
		binmode $write;
		syswrite($write, $given{message}) == length $given{message} or die "write: $!";
	}
	close $write;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/stdout";
		open STDERR, '>', "$dir/stderr";
		# Whatever the test runner left open beyond 3 is not the checker's business.
		POSIX::dup2(fileno $read, 3) if fileno $read != 3;
		POSIX::close($_) for 4 .. 30;
		# A handle on 3 must outlive exec; perl would set its close-on-exec flag.
		$^F = 3;
		POSIX::close(3) if !defined $given{message};
		open my $three, '<&=', 3;
		fcntl $three, F_SETFD, 0 if defined fileno $three;
		$given{child}->() if $given{child};
		%ENV = %env;
		{ exec {$words[0]} @words }
		POSIX::_exit(96);
	}
	close $read;
	waitpid $pid, 0;
	my %result = (exit => $? >> 8, signal => $? & 127, pid => $pid);
	$result{stdout} = read_file("$dir/stdout") // '';
	$result{log} = read_file("$dir/stderr") // '';
	if ($result{log} =~ /^$log_line$/m) {
		@{ $result{line} }{qw(outcome service ip mech reason user detail)} =
		  ($1, $2, $3, $4, $5, $7, $8);
		$result{line}{wait} = $6 if defined $6;
	}
	my $probe = read_file($out);
	if (defined $probe) {
		for my $line (split /\n/, $probe) {
			if ($line =~ /^env ([^=]*)=(.*)/s) {
				$result{env}{$1} = $2;
			} elsif ($line =~ /^([^ :\t]+):?[ \t]*(.*)/) {
				$result{probe}{$1} = $2;
			}
		}
	}
	return \%result;
}

sub pad { my ($key, $byte) = @_; return pack('a64', $key) ^ (chr($byte) x 64) }

sub hmac_md5_hex {
	my ($text, $key) = @_;
	$key = md5($key) if length $key > 64;
	return unpack 'H*', md5(pad($key, 0x5c) . md5(pad($key, 0x36) . $text));
}

# A challenge as the qmail family makes it, `age` seconds old.
sub challenge {
	my ($age) = @_;
	return '<' . $$ . '.' . (time - ($age // 0)) . '@mail.example.org>';
}

# The text of {CRAM-MD5} for a password, computed without the code under test: the MD5 block
# function in plain perl.
sub cram_context {
	my ($password) = @_;
	$password = md5($password) if length $password > 64;
	return unpack 'H*', join '', map { md5_state(pad($password, $_)) } 0x5c, 0x36;
}

sub md5_state {
	my ($block) = @_;
	my @words = unpack 'V16', $block;
	my @state = (0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
	my @shifts = ([ 7, 12, 17, 22 ], [ 5, 9, 14, 20 ], [ 4, 11, 16, 23 ], [ 6, 10, 15, 21 ]);
	my ($a, $b, $c, $d) = @state;
	for my $i (0 .. 63) {
		my $round = int $i / 16;
		my ($mixed, $word) =
		    $round == 0 ? (($b & $c) | (~$b & $d), $i)
		  : $round == 1 ? (($d & $b) | (~$d & $c), (5 * $i + 1) % 16)
		  : $round == 2 ? ($b ^ $c ^ $d,           (3 * $i + 5) % 16)
		  :               ($c ^ ($b | (~$d & 0xffffffff)), (7 * $i) % 16);
		my $sum = ($a + ($mixed & 0xffffffff) + int(abs(sin($i + 1)) * 2**32) + $words[$word])
		  & 0xffffffff;
		my $shift = $shifts[$round][ $i % 4 ];
		my $turned = (($sum << $shift) | ($sum >> (32 - $shift))) & 0xffffffff;
		($a, $d, $c, $b) = ($d, $c, $b, ($b + $turned) & 0xffffffff);
	}
	return pack 'V4', map { ($_->[0] + $_->[1]) & 0xffffffff }
	  [ $state[0], $a ], [ $state[1], $b ], [ $state[2], $c ], [ $state[3], $d ];
}

1;
