# Where the benchmark works, and how it runs the program `bench` for one row.
package Bench;

use strict;
use warnings;

use Checker qw(hmac_md5_hex challenge);
use Cwd qw(abs_path);
use Digest::MD5 qw(md5_hex);
use Exporter 'import';
use File::Basename qw(basename);
use File::Copy qw(copy);
use File::Path qw(make_path);
use File::Temp;
use POSIX ();

our @EXPORT = qw(begin option build_path scratch_path write_file find_program payload run_bench
  figures fault_of last_line first_line);

my (%option, $build, $scratch, $running, @commands);

# Messages: what follows the login, by mechanism; `lines` is no checkpassword message.
my %SHAPE = (
	plain => sub { my ($u, $p) = @_; "$u\0$p\0\0" },
	new => sub { my ($u, $p, $c) = @_; "$u\0" . hmac_md5_hex($c, $p) . "\0$c\0" },
	old => sub { my ($u, $p, $c) = @_; "$u\0$c\0" . hmac_md5_hex($c, $p) . "\0" },
	apop => sub { my ($u, $p, $c) = @_; "$u\0" . md5_hex($c . $p) . "\0$c\0" },
	lines => sub { my ($u, $p) = @_; "$u\n$p\n" },
);

# The bytes in hexadecimal; undef for an unknown shape.
sub payload {
	my ($shape, $login, $password) = @_;

	my $make = $SHAPE{$shape} // return;
	return unpack 'H*', $make->($login, $password, challenge());
}

# begin(FOLDER OF THE PROGRAMS, options): makes the scratch directory, which is removed at exit
# unless option k is set.
my $temporary;

sub begin {
	my ($dir, %given) = @_;

	%option = %given;
	$build = abs_path($dir) or die "$dir: $!\n";
	for my $program (qw(bench/bench bench/floor bench/noop bin/cmd5checkpw)) {
		die "$build/$program is missing: run make bench\n" unless -x "$build/$program";
	}
	$temporary = File::Temp->newdir('checkpw-bench-XXXXXX', TMPDIR => 1, CLEANUP => !$option{k});
	$scratch = abs_path("$temporary");
	# Peers and workers that become another user look for their files there.
	chmod 0711, $scratch or die "$scratch: $!\n";
	$build = copy_programs($build);
	return;
}

# What is measured are copies, as `make install` writes them, in one go: of a file that the linker
# wrote piece by piece the kernel may map fewer pages at once, and a login costs up to a twentieth
# more, as it does after the next reboot.
sub copy_programs {
	my ($from) = @_;
	my $to = "$from/bench/copies";

	for my $folder (qw(bin bench)) {
		make_path("$to/$folder");
		for my $program (glob "$from/$folder/*") {
			next unless -f $program && -x _;
			my $copy = "$to/$folder/" . basename($program);
			unlink $copy;
			copy($program, $copy) && chmod(0755, $copy) or die "$copy: $!\n";
		}
	}
	return $to;
}

sub option { return $option{ $_[0] } }
sub build_path { return "$build/$_[0]" }
sub scratch_path { return "$scratch/$_[0]" }
sub commands { return ("B=$build D=$scratch", @commands) }

sub write_file {
	my ($name, $mode, $writer) = @_;
	my $path = scratch_path($name);

	open my $file, '>', $path or die "$path: $!\n";
	chmod $mode, $path or die "$path: $!\n";
	ref $writer ? $writer->($file) : print $file $writer;
	close $file or die "$path: $!\n";
	return $path;
}

sub find_program {
	my ($name) = @_;

	for my $dir (split /:/, $ENV{PATH}) {
		return "$dir/$name" if -x "$dir/$name" && !-d _;
	}
	return;
}

# By hand

sub shell_word {
	my ($word) = @_;

	$word =~ s/\Q$scratch\E/\$D/g;
	$word =~ s/\Q$build\E/\$B/g;
	return $word if $word =~ m{^[-\w\$./=:+]+$};
	$word =~ s/'/'\\''/g;
	return "'$word'";
}

# What a reader types, with the message made anew: its challenge would have gone stale.
sub note_command {
	my ($row, $before, $after, @messages) = @_;
	my @env = map { "$_=$row->{env}{$_}" } sort keys %{ $row->{env} // {} };
	my @made = map { ($_->[0], "\"\$($0 payload @{ $_->[1] })\"") } @messages;

	push @commands, join ' ', 'env', '-i', 'PATH="$PATH"',
		(map { shell_word($_) } @env, @$before), @made, map { shell_word($_) } @$after;
	return;
}

# Running

sub output_of {
	my (@command) = @_;

	my $pid = open my $out, '-|';
	die "fork: $!\n" unless defined $pid;
	if ($pid == 0) {
		open STDERR, '>&', \*STDOUT;
		exec @command or POSIX::_exit(127);
	}
	$running = $pid;
	my $text = do { local $/; <$out> } // '';
	close $out;
	undef $running;
	return ($? >> 8, $text);
}

# run_bench(ROW, [B, ...], [options], [-m, message], ...): the exit status of `bench` and all it
# printed. ROW has argv, and if it needs them env and prefix, the command that bench is run by.
sub run_bench {
	my ($row, $against, $options, @messages) = @_;
	my @before = (@{ $row->{prefix} // [] }, build_path('bench/bench'), @$options,
		'-e', scratch_path("$row->{name}.log"));
	my @after = ('--', @{ $row->{argv} }, '--', @$against);
	my @made = map { ($_->[0], payload(@{ $_->[1] })) } @messages;
	local %ENV = (PATH => $ENV{PATH}, %{ $row->{env} // {} });

	push @before, '-d', $row->{descriptor} if defined $row->{descriptor};
	note_command($row, \@before, \@after, @messages);
	return output_of(@before, @made, @after);
}

sub interrupt { kill 'TERM', $running if $running; return }

# What bench printed of A, and A's ratio to B.
sub figures {
	my ($text) = @_;
	my ($own) = $text =~ /^(A .*?)^B /ms;
	my %f;

	$own //= $text;
	@f{qw(wall p10 p90)} = $own =~ /wall +median ([\d.]+) us, p10 ([\d.]+), p90 ([\d.]+)/;
	($f{faults}) = $own =~ /faults +median (\d+)/;
	($f{status}) = $own =~ /status +(.*)/;
	($f{floor}) = $text =~ /^B .*?median ([\d.]+)/ms;
	($f{ratio}) = $text =~ m{A/B +([\d.]+)};
	($f{limit}) = $own =~ /limit +(\d+)/;
	($f{rate}) = $text =~ /rate +(\d+)/;
	@{ $f{calls} } = $own =~ /calls +(\d+) .* (\d+) in child/;
	@{ $f{memory} } = $own =~ /memory +(\d+) KB, (\d+)/;
	@{ $f{steps} } = $own =~ /steps +(\d+) instructions, (\d+)/;
	$f{many} = $own =~ /more than (\d+) instructions/ ? $1 : 0;
	return \%f;
}

# What is wrong with the outcome of a row; nothing if it is as it should be.
sub fault_of {
	my ($row, $code, $text) = @_;
	my ($said) = $text =~ /^(.*)/;

	return "bench: exit $code: $said" if $code != 0;
	my ($status) = $text =~ /status +(.*)/;
	my $want = $row->{status} // 0;
	return !defined $status || $status eq $want ? undef : "exit status $status, expected $want";
}

# What the row's program wrote last to its standard error.
sub last_line {
	my ($row) = @_;
	my $last = '';

	if (open my $log, '<', scratch_path("$row->{name}.log")) {
		$last = $_ while <$log>;
	}
	chomp $last;
	return $last eq '' ? '' : " ($last)";
}

sub first_line {
	my (@command) = @_;
	my $pid = open my $out, '-|';

	return '' unless defined $pid;
	if ($pid == 0) {
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(127);
	}
	my $line = <$out> // '';
	close $out;
	chomp $line;
	return $line;
}

1;
