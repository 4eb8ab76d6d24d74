# Whatever a client, a caller, a file or a limit does: an answer, no crash, no leak, no acceptance.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Config;
use Fcntl;
use POSIX ();
use Socket;
use Test::More;
use Time::HiRes qw(sleep time);

my $password = 'Kennwort-7391';
my $wrong    = 'Falsch-4482';
my $right    = "joe\0$password\0\0";
my $spawn    = build_dir() . '/tests/spawn';
my $probe    = build_dir() . '/tests/probe';
my %signal;
@signal{ split ' ', $Config{sig_name} } = split ' ', $Config{sig_num};

# Numbers of sys/resource.h, as Linux has them nearly everywhere.
my %limit = (CPU => 0, FSIZE => 1, DATA => 2, STACK => 3, CORE => 4, NPROC => 6, NOFILE => 7,
	MEMLOCK => 8, AS => 9, SIGPENDING => 11);

# softlimit -m 7340032
my @softlimit = ($spawn, map { ('-l', "$limit{$_}=7340032") } qw(DATA STACK MEMLOCK AS));

# A checker that hangs must not hang the tests.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 300;

# joe logs in, unless it is said otherwise. Adds to the result: seconds, lines (of attempts in the
# log), warnings, and leaks: the secrets that the log shows, unless they are sent as the login.
sub run {
	my (%given) = @_;
	$given{store} = "joe:$password\n" if !exists $given{store} && !$given{file};
	my $start = time;
	my $got = attempt(message => $right, %given);
	$got->{seconds} = time - $start;
	$got->{lines} = () = $got->{log} =~ /^[\w-]+\[\d+\]: auth-/mg;
	$got->{warnings} = () = $got->{log} =~ /^[\w-]+\[\d+\]: warning detail=/mg;
	my %secret = map { $_ => 1 } $password, $wrong, ref $given{secrets} ? @{ $given{secrets} } : ();
	my ($login) = split /\0/, $given{message} // $right;
	$got->{leaks} = join ' ', grep { length > 5 && index($got->{log}, $_) >= 0 && index($login // '', $_) < 0 } sort keys %secret;
	return $got;
}

sub outcome {
	my ($got) = @_;
	return ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
}

# One run and what must come of it: the exit code, and the reason where there is a log to read.
sub row {
	my ($name, $exit, $reason, %given) = @_;
	my $got = run(%given);
	my %want = (outcome => $exit . ($exit == 0 ? ' ran' : ''), stdout => '', leaks => '', warnings => $given{warnings} // 0);
	my %found = (outcome => outcome($got), map { $_ => $got->{$_} } qw(stdout leaks warnings));
	if (defined $reason) {
		@want{qw(reason lines)} = ($reason, 1);
		@found{qw(reason lines)} = ($got->{line}{reason}, $got->{lines});
	}
	is_deeply \%found, \%want, $name or diag $got->{log};
	return $got;
}

# For `child`: what becomes descriptor NUMBER of the checker.
sub becomes {
	my ($number, $handle) = @_;
	POSIX::dup2(fileno $handle, $number) // die "dup2: $!";
}

sub opened {
	my ($number, $path, $flags) = @_;
	return sub { sysopen my $file, $path, $flags or die "$path: $!"; becomes($number, $file) };
}

# For `child`: descriptor 3 is a pipe or socket that `writer` fills, in a process of its own.
sub written_by {
	my ($writer, %how) = @_;
	return sub {
		my ($read, $write);
		if ($how{socket}) {
			socketpair $read, $write, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die "socketpair: $!";
		} else {
			pipe $read, $write or die "pipe: $!";
		}
		my $checker = $$;
		if ((fork // die "fork: $!") == 0) {
			close $read;
			POSIX::close(3);
			$writer->($write, $checker);
			POSIX::_exit(0);
		}
		fcntl $read, F_SETFL, O_NONBLOCK if $how{nonblocking};
		becomes(3, $read);
	};
}

sub in_pieces {
	my ($message, $size, $pause) = @_;
	return sub {
		my ($write) = @_;
		for my $piece ($message =~ /(.{1,$size})/gs) {
			syswrite $write, $piece;
			sleep $pause;
		}
	};
}

sub held_open {
	my ($message) = @_;
	return sub {
		pipe my $read, my $write or die "pipe: $!";
		syswrite $write, $message;
		becomes(3, $read);
		becomes(40, $write);
	};
}

# What the subprogram should have open: what the caller has, but 3.
my $kept = run(program => [])->{probe}{descriptors} =~ s/ 3\b//r;

# ---- the message ---------------------------------------------------------------------------------

{
	my $fresh = challenge();
	my $context = cram_context($password);
	my $crypted = crypt($password, '$6$rounds=1000$abcdefgh$');
	my $store = "joe:$password\nctx:{CRAM-MD5}$context\nhash:$crypted\nlocked:!$crypted\nempty:\nbad:{NONE}x\n";
	my @pieces = (
		qw(joe ctx hash locked empty bad nobody), $wrong, '', "\0", "\n", ':', '%n%s', "\xff\xfe", $fresh, $context,
		"{CRAM-MD5}$context", $crypted, "!$crypted", '{NONE}x', hmac_md5_hex($fresh, $wrong), hmac_md5_hex($fresh, ''),
		hmac_md5_hex('', $password), '0' x 32, '<@>', '<1.2@h>', 'a' x 300, 'b' x 512, "joe:$wrong", substr($password, 0, -1),
		"$password ", lc $password,
	);
	my $seed = $ENV{CHECKPW_SEED} || time ^ $$;
	srand $seed;
	my %count;
	my @wrong;
	for my $i (1 .. 200) {
		my $message;
		if ($i % 4 == 0) {
			$message = join '', map { chr int rand 256 } 1 .. rand 530;
		} else {
			$message = join "\0", map { $pieces[ rand @pieces ] } 1 .. 1 + rand 5;
			$message .= "\0" if rand 2 > 1;
			substr($message, rand length $message, 1) = chr int rand 256 if length $message && rand 8 < 1;
		}
		my $got = run(store => $store, message => $message, config => $i % 2 ? "apop = yes\nindimail = yes\n" : '',
			secrets => [ $crypted, $context ]);
		my $outcome = outcome($got);
		$count{$outcome}++;
		push @wrong, [ $outcome, unpack('H*', $message), $got->{log} ]
		  if $outcome !~ /^[12]$/ || $got->{stdout} ne '' || $got->{lines} != 1 || $got->{leaks} ne '';
	}
	ok !@wrong, '200 messages: each is refused or misuse' or diag explain [ "seed $seed", @wrong ];
	cmp_ok $count{1} // 0, '>', 50, '... and not all are misuse' or diag explain \%count;
}

row 'a writer of single bytes', 0, 'ok', message => '', child => written_by(in_pieces($right, 1, 0.002));
row 'a writer of single bytes, wrong password', 1, 'mismatch', message => '',
  child => written_by(in_pieces("joe\0$wrong\0\0", 1, 0.002));
row 'a non-blocking pipe, empty at first and between the pieces', 0, 'ok', message => '',
  child => written_by(sub { sleep 0.1; in_pieces($right, 9, 0.05)->(@_) }, nonblocking => 1);
row 'a socket', 0, 'ok', message => '', child => written_by(in_pieces($right, 5, 0.002), socket => 1);
row 'stopped and continued while it reads', 0, 'ok', message => '', child => written_by(sub {
	my ($write, $checker) = @_;
	for my $byte (split //, $right) {
		kill $_, $checker for qw(STOP CONT WINCH CHLD);
		syswrite $write, $byte;
		sleep 0.005;
	}
});
row 'the writer dies after half of the password', 2, 'malformed', message => '',
  child => written_by(in_pieces("joe\0" . substr($password, 0, 5), 4, 0.001));
row 'a socket that is closed at once', 2, 'malformed', message => '', child => written_by(sub { }, socket => 1);
row 'a socket that was never connected', 111, 'handshake', message => '', child => sub {
	socket my $socket, AF_UNIX, SOCK_STREAM, 0;
	becomes(3, $socket);
};
row 'a regular file', 0, 'ok', message => '', child => opened(3, write_file(scratch() . '/message', $right), O_RDONLY);
row 'descriptor 3 can only be written to', 2, 'descriptor', message => '',
  child => opened(3, scratch() . '/message', O_WRONLY);
row 'descriptor 3 is a directory', 111, 'handshake', message => '', child => opened(3, '/', O_RDONLY);
row 'descriptor 3 is /dev/null', 2, 'malformed', message => '', child => opened(3, '/dev/null', O_RDONLY);
row 'descriptor 3 is /dev/zero', 1, 'oversize', message => '', child => opened(3, '/dev/zero', O_RDONLY);

{
	my $got = row 'a deadline of 1 s, and the writer does not close', 111, 'deadline', message => '',
	  config => "deadline = 1\n", child => held_open($right);
	ok $got->{seconds} > 0.9 && $got->{seconds} < 3, '... answers in time' or diag $got->{seconds};
	$got = row 'the alarm of the caller goes off meanwhile', 111, 'deadline', message => '', before => [ $spawn, '-a', 1 ],
	  child => held_open($right);
	cmp_ok $got->{seconds}, '<', 3, '... which is the deadline then';
}

# ---- descriptors 0 to 3 --------------------------------------------------------------------------

for my $set (1 .. 15) {
	my @closed = grep { $set & 1 << $_ } 0 .. 3;
	my $got = row "closed: descriptors @closed", $set & 8 ? 2 : 0, $set & 12 ? undef : 'ok',
	  before => [ $spawn, map { ('-c', $_) } @closed ];
	is $got->{probe}{descriptors}, $kept, '... the subprogram has the first three' if !($set & 8);
}

# ---- arguments -----------------------------------------------------------------------------------

for my $case ([ 'no argv[0]', -1, 2 ], [ 'an argv[0] of 100 KB', 100_000, 0 ], [ 'an argv[0] of one byte', 1, 0 ]) {
	my ($name, $length, $exit) = @$case;
	row $name, $exit, $exit == 0 ? 'ok' : undef, before => [ $spawn, '-0', $length ];
}
row 'an empty argv[0]', 0, 'ok', before => [ 'perl', '-e', 'exec { $ARGV[0] } "", @ARGV[1 .. $#ARGV]' ];
row 'no arguments', 2, undef, subprogram => [], before => [];
{
	my $dir = scratch();
	write_file("$dir/not-executable", "#!/bin/sh\nexit 0\n", 0644);
	write_file("$dir/no-interpreter", "#!/nonexistent/sh\n", 0755);
	for my $name ("$dir/missing", "$dir/not-executable", "$dir/no-interpreter", $dir, '', 'no-such-program', "$dir/" . 'n' x 300,
		"$dir/%n%s\n") {
		my $got = run(subprogram => [$name]);
		my $shown = length $name ? ($name =~ m{([^/]*)\z})[0] : '(empty)';
		$shown =~ s/\n/\\n/;
		is_deeply [ outcome($got), $got->{lines}, $got->{log} =~ /reason=(\w+) user="joe" detail=/g ], [ 111, 2, 'exec' ],
		  'a subprogram that cannot run: ' . substr $shown, 0, 20 or diag $got->{log};
	}
	row '... is not tried with a wrong password', 1, 'mismatch', message => "joe\0$wrong\0\0", subprogram => ["$dir/missing"];
}
for my $code (0, 1, 2, 3, 42, 99, 100, 110, 111, 112, 126, 127, 128, 139, 254, 255) {
	is outcome(run(subprogram => [ '/bin/sh', '-c', "exit $code" ])), $code, "the subprogram exits $code";
}
for my $name (qw(HUP INT QUIT ABRT KILL SEGV PIPE ALRM TERM)) {
	is outcome(run(subprogram => [ '/bin/sh', '-c', "ulimit -c 0; kill -$name \$\$; exit 0" ])), "signal $signal{$name}",
	  "the subprogram dies of SIG$name";
}

# ---- limits --------------------------------------------------------------------------------------

# A limit too small for the program to be loaded ends it before main, where nothing can be done:
# then it does not get as far as to complain about missing arguments either. 127 is the loader's.
sub reaches_main {
	my (@before) = @_;
	return outcome(attempt(message => '', before => \@before, subprogram => [])) eq '2';
}

my $static = read_file(checker()) !~ m{/ld-(?:linux|musl)};
my @never_loaded;
for my $name (sort keys %limit) {
	my @values = $name =~ /^(?:DATA|STACK|AS)$/ ? (0, 32768, 131072, 1 << 20, 2 << 20, 7340032) : (0, 1, 4, 5);
	# No program runs on a stack of no page, nor in no time.
	shift @values if $name =~ /^(?:STACK|CPU)$/;
	for my $value (@values) {
		my @before = ($spawn, '-l', "$limit{$name}=$value");
		# The probe without an argument is a static program that exits 99.
		my @outcomes = map { outcome(run(message => "joe\0$_\0\0", before => \@before, subprogram => [$probe])) } $password, $wrong;
		if ("@outcomes" =~ /signal|127/ && !($static && $value == 7340032) && !reaches_main(@before)) {
			push @never_loaded, "$name=$value";
			next;
		}
		ok $outcomes[0] =~ /^(?:99|111)$/ && $outcomes[1] =~ /^(?:1|111)$/, "limit $name=$value" or diag "@outcomes";
		is $outcomes[0], 99, '... which is enough' if $static && $value == 7340032;
	}
}
note "killed before main, so not judged: @never_loaded";
is outcome(run(before => [ $spawn, map { ('-l', "$limit{$_}=0") } qw(FSIZE CORE NPROC MEMLOCK) ], subprogram => [$probe])), 99,
  'four limits of 0';
{
	my $slow = '$6$rounds=9000000$abcdefgh$' . 'x' x 86;
	is outcome(run(store => "joe:$slow\n", before => [ $spawn, '-l', "$limit{CPU}=1" ])), 111,
	  'a hash that takes more than the CPU time allowed';
}

my $yescrypt = crypt $password, '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$';
SKIP: {
	skip 'no yescrypt here', 3 if !defined $yescrypt || $yescrypt !~ /^\$y\$/;
	skip 'the program is not static', 3 if !$static;
	row 'yescrypt under a soft limit', 0, 'ok', store => "joe:$yescrypt\n", before => \@softlimit;
	my $got = row 'yescrypt under a hard limit', 111, 'memory', store => "joe:$yescrypt\n",
	  before => [ $spawn, '-l', "$limit{AS}=7340032:7340032" ];
	like $got->{line}{detail}, qr/needs 16777216 bytes of memory, the hard limit is 7340032/, '... is explained';
}

# ---- signals that the caller blocked or ignored --------------------------------------------------

my @every = grep { $_ != $signal{KILL} && $_ != $signal{STOP} } 1 .. 64;
my %signals = (PIPE => [ $signal{PIPE} ], ALRM => [ $signal{ALRM} ], XFSZ => [ $signal{XFSZ} ], 'every signal' => \@every);
for my $name (sort keys %signals) {
	for my $how ([ 'blocked', '-b' ], [ 'ignored', '-i' ]) {
		row "$name $how->[0], wrong password", 1, 'mismatch', message => "joe\0$wrong\0\0",
		  before => [ $spawn, map { ($how->[1], $_) } @{ $signals{$name} } ];
	}
}
{
	my $got = row 'every signal blocked and ignored: the deadline works', 111, 'deadline', message => '',
	  config => "deadline = 1\n",
	  before => [ $spawn, map { ('-b', $_, '-i', $_) } @every ], child => held_open($right);
	cmp_ok $got->{seconds}, '<', 3, '... in time';
}

# ---- the state of the subprogram -----------------------------------------------------------------

# The same command without the checker is the reference. The checker may change one thing: that
# descriptor 3 is closed.
sub unchanged {
	my ($name, %given) = @_;
	my @before = @{ delete $given{before} || [$spawn] };
	my $secret = delete $given{secret} // $password;
	my $plain = run(%given, program => \@before);
	my $got = run(%given, store => "joe:$secret\n", before => \@before);
	$plain->{probe}{descriptors} =~ s/ 3\b//;
	is_deeply [ outcome($got), $got->{probe}, $got->{env} ], [ '0 ran', $plain->{probe}, $plain->{env} ], "unchanged: $name"
	  or diag $got->{log};
	return $got;
}

{
	my $got = unchanged 'by default';
	is_deeply [ @{ $got->{probe} }{qw(descriptors dumpable alarm)} ], [ $kept, 1, 0 ], '... and as documented';
	unchanged 'after a CRAM-MD5 login', message => join "\0", 'joe', hmac_md5_hex(challenge(), $password), challenge(), '';
	$got = unchanged 'SIGPIPE ignored', before => [ $spawn, '-i', $signal{PIPE} ];
	is hex($got->{probe}{SigIgn}) >> $signal{PIPE} - 1 & 1, 1, '... stays ignored';
	unchanged 'SIGALRM and SIGXFSZ ignored', before => [ $spawn, '-i', $signal{ALRM}, '-i', $signal{XFSZ} ];
	$got = unchanged 'SIGALRM blocked', before => [ $spawn, '-b', $signal{ALRM} ];
	is hex($got->{probe}{SigBlk}) >> $signal{ALRM} - 1 & 1, 1, '... stays blocked';
	unchanged 'every signal blocked', before => [ $spawn, map { ('-b', $_) } @every ];
	unchanged 'every signal ignored', before => [ $spawn, map { ('-i', $_) } @every ];
	my $pending = 'use POSIX; my $set = POSIX::SigSet->new; sigpending($set); exit($set->ismember(SIGUSR1) ? 42 : 43)';
	is outcome(run(subprogram => [ $^X, '-e', $pending ], child => sub {
		POSIX::sigprocmask(POSIX::SIG_BLOCK(), POSIX::SigSet->new($signal{USR1}));
		kill USR1 => $$;
	})), 42, 'unchanged: a signal pending';
	$got = unchanged 'an alarm pending', before => [ $spawn, '-a', 1000 ];
	cmp_ok $got->{probe}{alarm}, '>', 900, '... stays pending';
	$got = row 'an alarm pending, and a message that takes 3 s', 0, 'ok', message => '', before => [ $spawn, '-a', 1000 ],
	  child => written_by(in_pieces($right, 8, 1));
	ok $got->{probe}{alarm} > 900 && $got->{probe}{alarm} < 998, '... which are gone from the alarm' or diag $got->{probe}{alarm};
	$got = row 'an alarm that is due after the deadline', 111, 'deadline', message => '', config => "deadline = 1\n",
	  before => [ $spawn, '-a', 30 ], child => held_open($right);
	cmp_ok $got->{seconds}, '<', 5, '... does not put it off';
	unchanged 'an alarm pending, SIGALRM blocked', before => [ $spawn, '-a', 1000, '-b', $signal{ALRM} ],
	  config => "deadline = 30\n";
	unchanged 'softlimit -m 7340032', before => \@softlimit if $static;
	$got = unchanged 'softlimit -m 7340032, which yescrypt lifts meanwhile', before => \@softlimit, secret => $yescrypt if $static;
	like $got->{probe}{"limit-$limit{AS}"}, qr/^7340032 /, '... stays low' if $static;
	$got = unchanged 'a core limit of 12345', before => [ $spawn, '-l', "$limit{CORE}=12345" ];
	like $got->{probe}{"limit-$limit{CORE}"}, qr/^12345 /, '... stays' if read_file(checker()) !~ /__asan_init/;
	unchanged 'a hard core limit', before => [ $spawn, '-l', "$limit{CORE}=0:0" ];
	unchanged 'other limits', before => [ $spawn, map { ('-l', $_) } "$limit{NOFILE}=64", "$limit{STACK}=1000000",
	  "$limit{CPU}=77" ];
	unchanged "umask $_", before => [ $spawn, '-u', $_ ] for '000', '027', '377';
	unchanged 'working directory', child => sub { chdir '/' };
	$got = unchanged 'another descriptor', child => opened(7, '/', O_RDONLY);
	like $got->{probe}{descriptors}, qr/^0 1 2 7\b/, '... stays open: it is not the checker\'s';
	$got = unchanged 'the environment', env => { A => '', B => "\xff\x80", 'odd name' => 'x=y', TZ => ':/etc/passwd',
		HOME => '/nowhere', USER => 'mallory', SHELL => '/bin/false', TCPREMOTEIP => '192.0.2.1' };
	is_deeply [ sort keys %{ $got->{env} } ], [ sort qw(A B CHECKPW_CONF HOME PATH SHELL TCPREMOTEIP TZ USER), 'odd name' ],
	  '... has nothing new';
}

# ---- the environment -----------------------------------------------------------------------------

for my $case ([ '192.0.2.1', 1 ], [ '2001:db8::1', 1 ], [ '::ffff:192.0.2.1', 1 ], [ '', 0 ],
	[ "192.0.2.1\nroot[1]: auth-ok user=joe", 0 ],
	[ '"', 0 ], [ '1.2.3.4 reason=ok', 0 ], [ '%s%n', 0 ], [ "\x1b[2J", 0 ], [ '0000:0000:0000:0000:0000:ffff:255.255.255.255', 1 ],
	[ '1' x 63, 0 ], [ '1' x 64, 0 ], [ '1.2.3.4:5', 0 ], [ '1' x 100_000, 0 ]) {
	my ($address, $passes) = @$case;
	(my $shown = substr $address, 0, 20) =~ s/[^ -~]/?/g;
	is row("TCPREMOTEIP=$shown", 1, 'mismatch', message => "joe\0$wrong\0\0", env => { TCPREMOTEIP => $address })->{line}{ip},
	  $passes ? $address : '-', '... in the log';
}
for my $name (qw(SERVICE TCPLOCALPORT SMTPAUTH SMTPAUTHMETHOD AUTHORIZED HOME TZ LANG)) {
	row "$name of 100 KB", 0, 'ok', env => { $name => 'x' x 100_000 };
}
row 'PATH of 100 KB', 0, 'ok', env => { PATH => '/x:' x 33_000 };
row 'CHECKPW_CONF of 100 KB', 111, undef, env => { CHECKPW_CONF => '/' . 'x' x 100_000 };
row 'hostile libc variables', 0, 'ok', env => {
	LANG => '../../../../tmp', LC_ALL => "\xff", LOCPATH => '.', NLSPATH => '%s', MALLOC_ARENA_MAX => 'x', MALLOC_PERTURB_ => 255,
	MALLOC_CHECK_ => 3, MALLOC_TOP_PAD_ => '-1', GLIBC_TUNABLES => 'glibc.malloc.mxfast=glibc.malloc.mxfast=' . 'A' x 3000,
	LD_PRELOAD => '/nonexistent.so', LD_DEBUG => 'all', LD_SHOW_AUXV => 1, OPENSSL_CONF => '/dev/zero', OPENSSL_ia32cap => '~-1',
	RES_OPTIONS => 'x', HOSTALIASES => '/dev/zero',
} if $static;
{
	my $got = row 'variables twice: the first counts', 0, 'ok',
	  before => [ $spawn, map { ('-e', $_) } 'TCPREMOTEIP=192.0.2.1', 'TCPREMOTEIP=192.0.2.2', 'X=1', 'X=2', 'no equals sign', '=' ];
	is $got->{line}{ip}, '192.0.2.1', '... in the log';
	is_deeply [ read_file(scratch() . '/probe.out') =~ /^env (X=.*|TCP.*|no.*|=.*)$/mg ],
	  [ 'TCPREMOTEIP=192.0.2.1', 'TCPREMOTEIP=192.0.2.2', 'X=1', 'X=2', 'no equals sign', '=' ],
	  '... and all reach the subprogram';
}

# ---- the log -------------------------------------------------------------------------------------

sub escaped {
	my ($text) = @_;
	my $shown = substr $text, 0, 64;
	$shown =~ s/([^ -~]|["\\])/sprintf '\\x%02x', ord $1/ge;
	return "\"$shown\"" . (length $text > 64 ? '...' : '');
}

for my $case (
	[ 'newlines: a forged line', "x\ncmd5checkpw[1]: auth-ok service=smtp ip=- mech=plain reason=ok user=\"joe\"" ],
	[ 'carriage return', "x\rauth-ok" ], [ 'quotes', '" reason=ok user="joe' ], [ 'backslashes', '\\x0a\\' ],
	[ 'a format string (CVE-2000-0583)', '%s%s%s%n%n%1000000d%99$n' ], [ '8-bit', "j\xf6e\x80\x85\x9b\xff" ],
	[ 'UTF-8', "\xec\x84\xb8" ],
	[ 'escape sequences', "\e]0;x\a\e[2J\x7f" ], [ 'control characters', join '', map { chr } 1 .. 31 ],
	[ '63 bytes', 'u' x 63 ], [ '64 bytes', 'u' x 64 ], [ '65 bytes', 'u' x 65 ], [ '400 bytes', 'u' x 400 ],
	[ '400 bytes of 8-bit', "\xff" x 400 ],
	[ 'a colon', 'joe:' ]) {
	my ($name, $login) = @$case;
	my $got = row "login of $name", 1, 'mismatch', message => "$login\0$wrong\0\0";
	is $got->{line}{user}, escaped($login), '... as it is logged';
	is $got->{log} =~ tr/\n//, 1, '... in one line';
	unlike $got->{log}, qr/[^ -~\n]/, '... of printable characters';
}
{
	my %lines;
	for my $stored ($password, 'p', '{PLAIN}' . 'p' x 400) {
		for my $tried ('q', $wrong, 'q' x 450) {
			my $log = run(store => "joe:$stored\n", message => "joe\0$tried\0\0")->{log};
			$log =~ s/\[\d+\]/[]/;
			$lines{$log}++;
		}
	}
	is keys %lines, 1, 'the log tells no length' or diag explain \%lines;
}
is run(config => "log = none\n", message => "joe\0$wrong\0\0",
  env => { CHECKPW_CONF => write_file(scratch() . '/none', "log = none\n") })->{log},
  '', 'log = none';
is run(config => "log-success = no\n")->{log}, '', 'log-success = no';

my %sink = (
	'/dev/full'                => opened(2, '/dev/full', O_WRONLY),
	'a descriptor for reading' => opened(2, '/dev/null', O_RDONLY),
	'a directory'              => opened(2, '/', O_RDONLY),
	'a pipe nobody reads'      => sub { pipe my $read, my $write; becomes(2, $write) },
	'a socket nobody reads'    => sub { socketpair my $here, my $there, AF_UNIX, SOCK_STREAM, PF_UNSPEC; becomes(2, $here) },
);
for my $name (sort keys %sink) {
	row "the log is $name", 0, undef, child => $sink{$name};
	row "the log is $name, wrong password", 1, undef, child => $sink{$name}, message => "joe\0$wrong\0\0";
	row "the log is $name, no subprogram", 111, undef, child => $sink{$name}, subprogram => ['/nonexistent'];
}
sub full_pipe {
	pipe my $read, my $write or die "pipe: $!";
	fcntl $write, F_SETFL, O_NONBLOCK;
	1 while syswrite $write, '.' x 4096;
	fcntl $write, F_SETFL, 0;
	becomes(2, $write);
	becomes(40, $read);
}
{
	my $got = row 'the log is a full pipe', 1, undef, child => \&full_pipe, message => "joe\0$wrong\0\0";
	cmp_ok $got->{seconds}, '<', 3, '... answers in time';
	$got = run(child => \&full_pipe, message => "joe\0$wrong\0\0", store => "no colon\njoe:$password\n");
	cmp_ok $got->{seconds}, '<', 3, '... with a warning as well';
}

# ---- the store -----------------------------------------------------------------------------------

my $entry = "joe:$password";
for my $case (
	[ 'comments and blank lines', "# $entry\n#\n\n\n   \n$entry\n", 0, 'ok', 1 ],
	[ 'CRLF', "jim:x\r\n\r\n$entry\r\n", 0, 'ok', 0 ],
	[ 'a carriage return belongs to the secret', "joe:$password\r\r\n", 1, 'mismatch', 0 ],
	[ 'no newline at the end', "jim:x\n$entry", 0, 'ok', 0 ],
	[ 'the first of two lines counts', "joe:$wrong\n$entry\n", 1, 'mismatch', 0 ],
	[ '... also if it is locked', "joe:!!\n$entry\n", 1, 'locked', 0 ],
	[ '... also if it is empty', "joe:\n$entry\n", 1, 'empty-secret', 0 ],
	[ 'ignored fields', "$entry:${wrong}:::\n", 0, 'ok', 0 ],
	[ 'spaces are part of the login', " joe:$password\njoe :$password\n", 1, 'mismatch', 0 ],
	[ 'upper and lower case differ', "Joe:$password\nJOE:$password\n", 1, 'mismatch', 0 ],
	[ 'a longer login', "joey:$password\n", 1, 'mismatch', 0 ],
	[ 'a shorter login', "jo:$password\n", 1, 'mismatch', 0 ],
	[ 'lines without a login', ":$password\n::\n:\n", 1, 'mismatch', 0 ],
	[ 'a line without a colon', "joe\n$entry\n", 0, 'ok', 1 ],
	[ 'an empty file', '', 1, 'mismatch', 0 ],
	[ 'newlines only', "\n" x 1000, 1, 'mismatch', 0 ],
	[ 'NULs only', "\0" x 70_000, 1, 'mismatch', 1 ],
	[ 'a NUL in a line', "$entry\0\n", 1, 'mismatch', 1 ],
	[ 'a NUL in an ignored field', "$entry:\0\n$entry\n", 0, 'ok', 1 ],
	[ 'a line of 4096 bytes', $entry . ':' . 'f' x (4095 - length $entry) . "\n", 0, 'ok', 0 ],
	[ 'a line of 4096 bytes and CRLF', $entry . ':' . 'f' x (4095 - length $entry) . "\r\n", 0, 'ok', 0 ],
	[ 'a line of 4097 bytes', $entry . ':' . 'f' x (4096 - length $entry) . "\n", 1, 'mismatch', 1 ],
	[ '... and what comes after it', $entry . 'f' x 4096 . "\njim:x\n$entry\n", 0, 'ok', 1 ],
	[ 'a secret of 4096 bytes', 'joe:' . 's' x 4092 . "\n", 1, 'mismatch', 0 ],
	[ 'a line of 100 KB without an end', "$entry:" . 'f' x 100_000, 1, 'mismatch', 1 ],
	[ 'a line of 100 KB', "$entry:" . 'f' x 100_000 . "\n$entry\n", 0, 'ok', 1 ],
	[ 'three lines skipped, one warning', "x\n\0\n" . 'f' x 5000 . "\n$entry\n", 0, 'ok', 1 ],
	[ 'binary rubbish', (pack 'C*', map { $_ * 7 % 251 } 1 .. 200_000) . "\n$entry\n", 0, 'ok', 1 ],
) {
	my ($name, $store, $exit, $reason, $warnings) = @$case;
	row "store: $name", $exit, $reason, store => $store, warnings => $warnings;
}
for my $length (4097, 4098, 4099, 4100, 8192, 65_535, 65_536, 65_537, 131_072) {
	row "store: the end of a line of $length bytes is no line", 1, 'mismatch', store => 'f' x $length . "$entry\n", warnings => 1;
}
for my $before (0, 1, 3, 4, 5, 10, length($entry), length($entry) + 1) {
	# Lines of 64 bytes, and one to make up the number: the entry begins so many bytes before 64 KiB.
	my $store = ('f' x 61 . ":\n") x 1023;
	$store .= 'g' x (64 * 1024 - $before - length($store) - 2) . ":\n";
	row "store: $before bytes before a chunk ends", 0, 'ok', store => "$store$entry\n";
	row '... with a line too long in between', 0, 'ok', store => $store . 'f' x 4200 . "\n$entry\n", warnings => 1;
}
for my $case ([ 'a colon: joe:secret is not joe:secret:x', "joe:$wrong:x\n", "joe:$wrong", 'x' ],
	[ 'a newline', "jim:x\njoe:$password\n", "jim:x\njoe", $password ], [ 'a newline at the end', "$entry\n", "joe\n", $password ],
	[ 'a comment', "#joe:$password\n", '#joe', $password ], [ '#', "#:$password\n", '#', $password ],
	[ 'a blank', "$entry\n", 'joe ', $password ]) {
	my ($name, $store, $login, $given) = @$case;
	row "a login with $name", 1, 'mismatch', store => $store, message => "$login\0$given\0\0";
}
row 'an 8-bit login', 0, 'ok', store => "j\xf6e:$password\n", message => "j\xf6e\0$password\0\0";
row 'another 8-bit login', 1, 'mismatch', store => "j\xf6e:$password\n", message => "j\xd6e\0$password\0\0";
{
	my $many = join '', map { "user$_:secret$_\n" } 1 .. 100_000;
	my $got = row '100 000 lines', 0, 'ok', store => "$many$entry\n";
	cmp_ok $got->{seconds}, '<', 2, '... in time';
	row '100 000 lines and none of them', 1, 'mismatch', store => $many;
	row '100 000 lines in little memory', 0, 'ok', store => "$many$entry\n", before => \@softlimit if $static;
}
{
	my $dir = scratch();
	my $good = write_file("$dir/store", "$entry\n", 0400);
	POSIX::mkfifo("$dir/fifo", 0600) or die "mkfifo: $!";
	symlink $good, "$dir/symlink" or die "symlink: $!";
	symlink "$dir/loop", "$dir/loop" or die "symlink: $!";
	socket my $socket, AF_UNIX, SOCK_STREAM, 0 or die "socket: $!";
	bind $socket, pack_sockaddr_un("$dir/socket") or die "bind: $!";
	for my $case ([ 'a directory', $dir, 'not a regular file' ], [ 'a FIFO', "$dir/fifo", 'not a regular file' ],
		[ 'a device', '/dev/null', 'not a regular file' ], [ 'a terminal', '/dev/ptmx', 'not a regular file' ],
		[ 'missing', "$dir/missing", 'No such file or directory' ],
		[ 'a loop of links', "$dir/loop", 'Too many levels of symbolic links' ],
		[ 'a socket', "$dir/socket", 'No such device or address' ]) {
		my ($name, $path, $why) = @$case;
		my $got = row "the store is $name", 111, 'store', file => $path;
		like $got->{line}{detail}, qr/^"\Q$path\E: $why/, '... which the log tells';
		cmp_ok $got->{seconds}, '<', 2, '... at once';
	}
	row 'the store is a symbolic link', 0, 'ok', file => "$dir/symlink";
	for my $mode (0602, 0606, 0666, 0777) {
		my $octal = sprintf '%04o', $mode;
		my $got = row "the store has mode $octal", 111, 'store', file => write_file("$dir/loose", "$entry\n", $mode);
		like $got->{line}{detail}, qr/mode is $octal: others may write to it/, '... which the log tells';
	}
	row 'the store has mode 0660', 0, 'ok', file => write_file("$dir/loose", "$entry\n", 0660);
	for my $mode (0444, 0644) {
		my $got = row sprintf('the store has mode %04o', $mode), 0, 'ok', file => write_file("$dir/loose", "$entry\n", $mode),
		  warnings => 1;
		like $got->{log}, qr/warning detail="[^"]*loose: everybody can read it: chmod 400"/, '... which the log tells';
	}
	# Root reads everything; the tests with a set-id program look at this too.
	if ($> != 0) {
		my $got = row 'the store has mode 0000', 111, 'store', file => write_file("$dir/loose", "$entry\n", 0);
		like $got->{line}{detail}, qr{/loose: Permission denied \(as uid $>\)}, '... which the log tells';
	}
}

# ---- stored secrets ------------------------------------------------------------------------------

my %hash = map { $_ => crypt $password, $_ } '$6$rounds=1000$abcdefgh$', '$5$rounds=1000$abcdefgh$', '$1$abcdefgh$', 'ab',
  '$2y$04$abcdefghijklmnopqrstuu';
my $sha = $hash{'$6$rounds=1000$abcdefgh$'};
my $context = cram_context($password);

# Stored, the password that must not open it, the reason.
for my $case (
	map({ [ $hash{$_}, $hash{$_}, 'hash-text' ], [ "{CRYPT}$hash{$_}", "{CRYPT}$hash{$_}", 'hash-text' ] } sort keys %hash),
	[ "{CRAM-MD5}$context", "{CRAM-MD5}$context", 'hash-text' ], [ "{CRAM-MD5}$context", $context, 'hash-text' ],
	[ "!$sha", $password, 'locked' ], [ "!$sha", "!$sha", 'locked' ], [ "*$sha", $password, 'locked' ],
	[ '!!', '!!', 'locked' ], [ '!', '!', 'locked' ],
	[ '*', '*', 'locked' ], [ 'x', 'x', 'no-shadow' ], [ '*0', '*0', 'locked' ], [ '*1', '*1', 'locked' ],
	[ '*LK*', '*LK*', 'locked' ], [ "!{PLAIN}$password", $password, 'locked' ],
	[ '', 'x', 'empty-secret' ], [ '', $password, 'empty-secret' ], [ '{PLAIN}', 'x', 'mismatch' ],
	[ '{PLAIN}x', '{PLAIN}x', 'mismatch' ],
	map({ [ $_, $_, 'unknown-scheme' ] } "{FOO}$password", '{}x', '{', '{x', "{PLAIN}$password" =~ s/\}//r, '{ PLAIN}x',
		'{PLAIN.ROT13}x', '{PLAIN.}x', '$9$abc$def', '$x$'),
	map({ [ $_, $_, 'bad-secret' ] } '$6$', '$6$salt', '$5$x$y', '$1$', '$2y$', '$2y$99$abcdefghijklmnopqrstuu', '$y$', '$7$',
		'{CRYPT}', '{CRYPT}plain',
		'{CRYPT}ab', '{DES-CRYPT}x', "{MD5-CRYPT}$sha", '{CRAM-MD5}', '{CRAM-MD5}abc', "{CRAM-MD5}${context}00",
		"{CRAM-MD5}\U$context\Ex",
		'{PLAIN.HEX}7', '{PLAIN.HEX}zz', '{PLAIN.B64}x', '{PLAIN.BASE64}eA='),
) {
	my ($stored, $tried, $reason) = @$case;
	(my $name = substr $stored, 0, 24) =~ s/\Q$password\E/PASSWORD/;
	row "secret '$name'", 1, $reason, store => "joe:$stored\n", message => "joe\0$tried\0\0",
	  secrets => [ $stored, $sha, $context ];
}

# ---- the configuration ---------------------------------------------------------------------------

# The third line is the faulty one; `why` is what the log says of it.
sub faulty {
	my ($name, $line, $why) = @_;
	my $got = row "configuration: $name", 111, 'configuration', config => $line;
	like $got->{line}{detail}, qr{^"[^"]*/conf: line 3: \Q$why\E}, '... which the log tells';
	return $got;
}

{
	my $got = row 'configuration: a decoy that cannot be tried', 111, 'configuration', config => "decoy = {NOSUCH}x\n";
	is $got->{line}{detail}, '"decoy is not a stored secret that can be tried"', '... which the log tells';
}

for my $key (qw(log-success log-unknown-login challenges apop indimail dovecot)) {
	for my $value ('', 'YES', '1', 'yes#') {
		faulty "$key = $value", "$key = $value\n", "$key must be yes or no";
	}
}
for my $case ([ 'challenge-window', 0, 86400 ], [ 'deadline', 1, 3600 ], [ 'min-uid', 0, 2147483647 ]) {
	my ($key, $least, $most) = @$case;
	for my $value ($least - 1, $most + 1, '', '1s', '1.5', '9' x 19, '18446744073709551617', '9' x 200) {
		faulty "$key = " . substr($value, 0, 24), "$key = $value\n", "$key must be a number from $least to $most";
	}
	row "configuration: $key = $_", 0, 'ok', config => "$key = $_\n" for $least, $most;
}
faulty 'service = qmtp', "service = qmtp\n", 'service must be one of auto smtp pop3 imap';
is row("configuration: service = $_", 0, 'ok', config => "service = $_\n")->{line}{service}, $_,
  '... in the log' for qw(smtp pop3 imap);
for my $path ('', 'poppasswd', '../x', '~/x', '/' . 'p' x 1023) {
	my $got = run(env => { CHECKPW_CONF => write_file(scratch() . '/conf', "log = stderr\n\nfile = $path\n") });
	is outcome($got), 111, 'configuration: file = ' . substr $path, 0, 20;
	like $got->{line}{detail}, qr/conf: line 3: file must /, '... which the log tells';
}
{
	my $got = run(env => { CHECKPW_CONF => write_file(scratch() . '/conf', "log = stderr\n\nlog = syslog.\n") });
	like $got->{line}{detail}, qr/conf: line 3: log is set twice/, 'configuration: log twice';
}
faulty 'an unknown key', "lgo = syslog\n", 'unknown key';
faulty 'a key in upper case', "APOP = yes\n", 'unknown key';
faulty 'no key', "= yes\n", 'unknown key';
faulty 'a repeated key', "log = stderr\n", 'log is set twice';
faulty 'no =', "apop yes\n", 'not a line of the form key = value';
faulty 'a NUL', "apop = yes\0\n", 'the line holds a NUL byte';
faulty 'a NUL in a comment', "# \0\n", 'the line holds a NUL byte';
faulty 'a line of 4097 bytes', '#' x 4097 . "\n", 'the line is too long';
faulty 'a line of 200 KB', '#' x 200_000, 'the line is too long';
{
	my $got = faulty 'a line of the store', "joe:$wrong=\n", 'unknown key';
	unlike $got->{log}, qr/joe:/, '... is not shown';
}
row 'configuration: comments, blanks, CRLF, no newline at the end', 0, 'ok',
  config => "# apop = maybe\r\n\t # x\n\n \t\n\tapop\t=\tyes \r\ndeadline=9\nservice = smtp";
row 'configuration: a line of 4096 bytes', 0, 'ok', config => '#' x 4096 . "\n";

# These are said to syslog, for the line that names another log is not read.
{
	my $dir = scratch();
	my $conf = "log = stderr\nfile = $dir/store\n";
	for my $mode (0606, 0602, 0620, 0660, 0666, 0777) {
		row sprintf('configuration of mode %04o', $mode), 111, undef,
		  env => { CHECKPW_CONF => write_file("$dir/given", $conf, $mode) };
	}
	row 'configuration of mode 0444', 0, 'ok', env => { CHECKPW_CONF => write_file("$dir/given", $conf, 0444) };
	row 'configuration through a symbolic link', 0, 'ok', env => { CHECKPW_CONF => "$dir/given-link" }
	  if symlink "$dir/given", "$dir/given-link";
	for my $case ([ 'missing', "$dir/missing" ], [ 'a relative path', 'given', sub { chdir $dir } ], [ 'an empty path', '' ],
		[ 'a directory', $dir ],
		[ 'a FIFO', "$dir/fifo" ], [ '/dev/null', '/dev/null' ], [ 'a format string', '/%s%n' ]) {
		my ($name, $path, $child) = @$case;
		row "configuration: $name", 111, undef, env => { CHECKPW_CONF => $path }, child => $child;
	}
}

done_testing;
