# checkpw-chain: the rule that joins the answers of several checkers, over all combinations; what the
# subprogram finds, and how its end and the signals sent to it are passed on.
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

my $dir = scratch();
my $chain = checker('checkpw-chain');
my $standin = build_dir() . '/tests/standin';
my $probe = build_dir() . '/tests/probe';
my $spawn = build_dir() . '/tests/spawn';
my $password = 'Kennwort-7391';
my $message = "joe\0$password\0\0";
my $record = "$dir/record";

$SIG{ALRM} = sub { die "a chain did not end\n" };
alarm 300;

# ---- all combinations --------------------------------------------------------------------------

# What a link does: the word for it, its command, and what the rule calls that.
my @kinds = (
	[ 'accepts', "$standin accept", 'accept' ],
	[ 'refuses', "$standin exit=1", 'refuse' ],
	[ 'refuses with 100', "$standin exit=100", 'refuse' ],
	[ 'temporary', "$standin exit=111", 'temporary' ],
	[ 'misused', "$standin exit=2", 'temporary' ],
	[ 'crashes', "$standin crash", 'temporary' ],
	[ 'exits 0 without an exec', "$standin exit=0", 'temporary' ],
	[ 'missing', "$dir/missing", 'temporary' ],
	[ 'hangs', "$standin hang", 'hang' ],
);

# The rule: which links run, how the chain ends, and with which reason.
sub expected {
	my ($stop, @links) = @_;
	my ($temporary, $ran) = (0, 0);
	for my $kind (map { $_->[2] } @links) {
		$ran++;
		return { ran => $ran, exit => 42, reason => 'ok' } if $kind eq 'accept';
		return { ran => $ran, exit => 111, reason => 'deadline' } if $kind eq 'hang';
		$temporary = 1 if $kind eq 'temporary';
		last if $temporary && $stop;
	}
	return { ran => $ran, exit => $temporary ? (111, reason => 'link') : (1, reason => 'refused') };
}

my $runs = 0;

# Starts a run whose files have a number of their own: many go on at the same time.
sub start {
	my ($stop, @links) = @_;
	my $base = "$dir/run" . $runs++;
	my $expected = expected($stop, @links);
	my $seconds = $expected->{reason} eq 'deadline' ? 1 : 300;
	write_file("$base.conf", "log = stderr\nreject-codes = 3 100\ndeadline = $seconds\n"
	  . ($stop ? "on-temporary = stop\n" : ''));
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $message;
	close $write;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$base.out";
		open STDERR, '>', "$base.log";
		POSIX::dup2(fileno $read, 3) if fileno $read != 3;
		POSIX::close($_) for 4 .. 30;
		$^F = 3;
		open my $three, '<&=', 3;
		fcntl $three, F_SETFD, 0;
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CHAIN_CONF => "$base.conf", STANDIN_RECORD => "$base.ran");
		exec $chain, (map { $_->[1] } @links), '--', 'sh', '-c', 'echo ran; exit 42' or POSIX::_exit(96);
	}
	close $read;
	return { pid => $pid, base => $base, expected => $expected,
		name => join(', ', map { $_->[0] } @links) . ($stop ? '; stop' : '') };
}

sub finish {
	my ($run) = @_;
	my ($base, $expected) = @{$run}{qw(base expected)};
	waitpid $run->{pid}, 0;
	my $exit = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
	my $log = read_file("$base.log") // '';
	my ($reason) = $log =~ /^checkpw-chain\[\d+\]: auth-\w+ .* reason=(\S+) user="joe" detail=/;
	my $ran = read_file("$base.ran") // '';
	my @messages = $ran =~ /^\S+ (\S+)/mg;
	my $missing = () = $log =~ /cannot be run/g;
	my $same = !grep { $_ ne unpack 'H*', $message } @messages;
	my %got = (exit => $exit, reason => $reason // 'none', ran => $missing + @messages, same => $same,
		lines => scalar(() = $log =~ /\n/g), out => read_file("$base.out") // '');
	my %want = (%{$expected}, same => 1, lines => 1, out => $expected->{exit} == 42 ? "ran\n" : '');
	# Where the machine is slow, the deadline may come before all links have been started.
	delete @got{qw(ran)}, delete @want{qw(ran)} if $expected->{reason} eq 'deadline';
	unlink map { "$base.$_" } qw(conf out log ran);
	my @wrong = grep { $got{$_} ne $want{$_} } sort keys %want;
	return @wrong ? "$run->{name}: " . join(', ', map { "$_ is '$got{$_}', not '$want{$_}'" } @wrong) . "\n$log" : ();
}

for my $count (2, 3) {
	my @combinations = ([]);
	# In threes one way to refuse and one to be temporary will do.
	my @some = grep { $count == 2 || $_->[0] !~ /100|misused/ } @kinds;
	@combinations = map { my $links = $_; map { [ @{$links}, $_ ] } @some } @combinations for 1 .. $count;
	for my $stop (0, 1) {
		my (@going, @wrong);
		for my $links (@combinations) {
			push @wrong, finish(shift @going) if @going > 40;
			push @going, start($stop, @{$links});
		}
		push @wrong, map { finish($_) } @going;
		is "@wrong[ 0 .. ($#wrong < 4 ? $#wrong : 4) ]", '',
		  @combinations . " combinations of $count links, on-temporary = " . ($stop ? 'stop' : 'continue');
	}
}

# ---- single runs -------------------------------------------------------------------------------

# A chain of stand-ins, each given by its actions. ->{ran} tells the actions of those that ran.
sub run {
	my ($links, %given) = @_;
	unlink $record;
	my $conf = write_file("$dir/chain.conf", "log = stderr\n" . ($given{config} // ''));
	my %env = (STANDIN_RECORD => $record, CHECKPW_CHAIN_CONF => $conf, CHECKPW_CONF => '/elsewhere', %{ $given{env} || {} });
	my $got = attempt(message => $message, %given, env => \%env,
		program => $given{program} // [ $chain, (map { m{^/} ? $_ : "$standin $_" } @{$links}), '--' ]);
	$got->{ran} = join ' ', (read_file($record) // '') =~ /^(\S+)/mg;
	$got->{end} = $got->{signal} ? "signal $got->{signal}" : $got->{exit};
	($got->{said}) = ($got->{line}{detail} // '') =~ /^"(.*)"$/;
	return $got;
}

sub row {
	my ($name, $links, $end, $reason, %given) = @_;
	my $got = run($links, %given);
	is_deeply [ @{$got}{qw(end stdout)}, $got->{line}{reason} ], [ $end, '', $reason ], $name or diag $got->{log};
	return $got;
}

is row('what each answered is in the log', [ 'exit=1', 'exit=3', '/bin/true', 'crash', '/nowhere/x', 'accept' ], 0, 'ok')->{said},
  'standin: refused, exit 1; standin: temporary, exit 3; true: exit 0 without running its subprogram; '
  . 'standin: killed by signal 11; x: cannot be run: No such file or directory; standin: accepted', '... in words';
is row('a script that is no program', [ write_file("$dir/script", "exit 0\n", 0644) ], 111, 'link')->{said},
  'script: cannot be run: Permission denied', '... is no acceptance';
unlike run([ 'crash', 'exit=1', 'accept' ])->{log}, qr/\Q$password/, 'no password in the log';
{
	my $got = row('refused', [ 'exit=1', 'exit=1' ], 1, 'refused');
	is_deeply [ @{ $got->{line} }{qw(outcome service ip mech user)} ], [ 'auth-fail', '-', '-', '-', '"joe"' ], '... in the log';
	$got = run([ 'accept' ], env => { TCPREMOTEIP => '192.0.2.1', TCPLOCALPORT => 110 });
	is_deeply [ @{ $got->{line} }{qw(outcome service ip mech user)} ], [ 'auth-ok', 'pop3', '192.0.2.1', '-', '"joe"' ], 'accepted, in the log';
	is run([ 'accept' ], config => "log-success = no\n")->{log}, '', '... or not';
}
row 'a password tried in all of them', [ 'only=ann,accept', "if=$password,accept" ], 0, 'ok';

# vchkpw's hole and multicheckpw's, by their names.
row "vchkpw's hole: exit 0 after a failed exec", [ 'exit=0' ], 111, 'link';
row "multicheckpw's hole: a crash", [ 'crash' ], 111, 'link';
row "vchkpw's 3 is a refusal where the configuration says so", [ 'exit=3' ], 1, 'refused', config => "reject-codes = 3\n";
row 'several codes', [ 'exit=3', "exit=100" ], 1, 'refused', config => "reject-codes = 3  100\n";
row '1 is one as well', [ 'exit=1' ], 1, 'refused', config => "reject-codes = 3\n";
row '... and 2 is none', [ 'exit=2' ], 111, 'link', config => "reject-codes = 3\n";

# ---- the command line and the configuration -----------------------------------------------------

my @configured = (config => "checker = $standin exit=1\nchecker = $standin  accept\n");
is row('checkers in the configuration', [], 0, 'ok', program => [$chain], @configured)->{ran}, 'exit=1 accept', '... in their order, with arguments';
row 'the same with --', [], 0, 'ok', program => [ $chain, '--' ], @configured;
row 'checkers in both places', ['accept'], 2, 'usage', @configured;
row 'a -- of the subprogram is its own behind the first', [], 0, 'ok', @configured, program => [ $chain, '--' ],
  subprogram => [ $probe, "$dir/probe.out", '--' ];
row 'no checkers', [], 2, 'usage', program => [$chain];
# What is wrong before the configuration is read is told to syslog.
row 'no subprogram', ['accept'], 2, undef, subprogram => [];
row 'no subprogram, no --', [], 2, undef, program => [$chain], subprogram => [];
row 'an empty checker', [ "/ " ], 111, 'link';
row 'a checker of blanks', [], 2, 'usage', program => [ $chain, ' ', '--' ];
row '16 checkers', [ ('exit=1') x 15, 'accept' ], 0, 'ok';
row '17 checkers', [ ('exit=1') x 16, 'accept' ], 2, 'usage';
row '1000 words', ['accept'], 0, 'ok', subprogram => [ $probe, "$dir/probe.out", ('x') x 1000 ];
row '1100 words', ['accept'], 2, 'usage', subprogram => [ $probe, "$dir/probe.out", ('x') x 1100 ];
for my $wrong ("challenge-window = 5\n", "apop = no\n", "checker = \n", "reject-codes = 0\n", "reject-codes = 111\n",
	"reject-codes = 256\n", "reject-codes = 3,100\n", "on-temporary = maybe\n", "deadline = 0\n",
	"reject-codes = 3\nreject-codes = 4\n") {
	row 'a configuration that is wrong: ' . $wrong =~ s/\n/; /gr, [], 111, 'configuration', program => [$chain],
	  config => $wrong;
}
row 'the file that is named is missing', ['accept'], 111, undef, env => { CHECKPW_CHAIN_CONF => '/nowhere' };
is run([ 'accept' ])->{env}{CHECKPW_CONF}, '/elsewhere', '$CHECKPW_CONF is the checkers\'';

# ---- the message --------------------------------------------------------------------------------

is row('512 bytes', [ 'exit=1' ], 1, 'refused', message => "joe\0" . 'p' x 506 . "\0\0")->{ran}, 'exit=1', '... are handed on';
is row('513 bytes', [ 'accept' ], 1, 'oversize', message => "joe\0" . 'p' x 507 . "\0\0")->{ran}, '', '... are not';
row 'one string', [ 'accept' ], 2, 'malformed', message => "joe\0";
row 'no string', [ 'accept' ], 2, 'malformed', message => 'joe';
row 'nothing', [ 'accept' ], 2, 'malformed', message => '';
row 'an empty password is for the checkers to judge', [ 'accept' ], 0, 'ok', message => "joe\0\0\0";
row 'descriptor 3 closed', [ 'accept' ], 2, undef, message => undef;
{
	my $got = row 'a login that would forge a line', [ 'exit=1' ], 1, 'refused', message => "x\ncheckpw-chain[1]: auth-ok\0p\0";
	is $got->{line}{user}, '"x\x0acheckpw-chain[1]: auth-ok"', '... does not';
	my $old = challenge();
	my $cram = "joe\0$old\0" . '0' x 32 . "\0";
	run([ 'exit=1', 'exit=1' ], message => $cram);
	is_deeply [ read_file($record) =~ /^\S+ (\S+)/mg ], [ (unpack 'H*', $cram) x 2 ], 'all bytes reach each checker';
}

# ---- what the subprogram finds ------------------------------------------------------------------

# All that the probe finds must be as without a chain, but for descriptor 3.
sub unchanged {
	my ($name, $actions, %given) = @_;
	my $direct = run([], %given, program => [ $standin, $actions ]);
	my $got = run([ 'exit=1', $actions ], %given);
	is_deeply [ @{$got}{qw(end probe env)} ], [ 0, @{$direct}{qw(probe env)} ], "unchanged: $name" or diag $got->{log};
	return $got;
}
my @signals = map { ($_ % 2 ? '-b' : '-i', $_) } 1 .. 8, 10, 12 .. 17, 20 .. 28;
unchanged 'as usual', 'accept';
unchanged 'SIGCHLD ignored', 'accept', before => [ $spawn, '-i', 17 ];
unchanged 'SIGCHLD blocked', 'accept', before => [ $spawn, '-b', 17 ];
unchanged 'odd signals, limits and umask', 'accept', before => [ $spawn, @signals, '-u', '027',
	map { ('-l', $_) } '4=12345', '7=64', '12=1000', '1=1000000' ];
unchanged 'under softlimit', 'accept', before => [ 'softlimit', '-m', 7_340_032 ] if -x '/usr/bin/softlimit';
is unchanged('a service that is known', 'accept', env => { TCPLOCALPORT => 25 })->{env}{SERVICE}, undef, '... and not told';
unchanged 'a service that is given', 'accept', env => { SERVICE => 'imap' };
{
	run([ 'accept' ], subprogram => ['true']);
	like read_file($record), qr/ smtp$/, 'the checkers are told the service that the subprogram\'s name tells';
	run([ 'accept' ], subprogram => ['true'], env => { SERVICE => 'imap' });
	like read_file($record), qr/ imap$/, '... if it is not given';
}
my $wandered = unchanged 'a checker that changes directory, umask, environment', 'wander,accept';
is_deeply [ $wandered->{probe}{cwd}, $wandered->{probe}{umask}, $wandered->{env}{WANDERED} ], [ '/usr', '031', 'yes' ], '... does';
like unchanged('a checker that opens a descriptor', 'open,accept')->{probe}{descriptors}, qr/ 9\b/, '... does';
unchanged 'a checker that closes all descriptors', 'close,accept';
unchanged 'a checker that clears the environment', 'clear,accept';
unchanged 'a checker with a session of its own', 'session,accept';
unchanged 'a checker that forks', 'fork';
like unchanged('a checker that keeps descriptor 3', 'keep-message,accept')->{probe}{descriptors}, qr/ 3\b/, '... does';
{
	my $got = run([ 'exit=1', 'accept' ], subprogram => [ 'sh', '-c', 'ps -o pgid= -p $$; ps -o pgid= -p $PPID' ]);
	is scalar(() = $got->{stdout} =~ /^\s*@{[ getpgrp ]}$/mg), 2, 'the process group is the caller\'s';
	for my $closed (0 .. 2) {
		like row("descriptor $closed closed", [ 'accept' ], 0, $closed == 2 ? undef : 'ok', before => [ $spawn, '-c', $closed ])->{probe}{descriptors},
		  qr/^0 1 2\b/, '... is /dev/null for the subprogram';
	}
}
{
	my $got = run([ 'accept' ], subprogram => ["$dir/missing"]);
	is $got->{end}, 111, 'a missing subprogram';
	like $got->{log}, qr/ reason=ok .*\n.*auth-temp .* reason=exec user="joe" detail="\Q$dir\E\/missing: No such file or directory"\n\z/, '... is logged';
	is run([ 'shrug' ], subprogram => ["$dir/missing"])->{end}, 111, '... behind a checker that ends with 0 nevertheless';
}

# ---- links of the suite, which knock themselves ------------------------------------------------

{
	my $cmd5 = checker();
	my @ours = (env => { CHECKPW_CONF => write_file("$dir/cmd5.conf", "log = none\nfile = $dir/users\n") });
	write_file("$dir/users", "joe:$password\n");
	my $through = run([ 'exit=1', $cmd5 ], @ours);
	my $direct = run([], @ours, program => [$cmd5]);
	is_deeply [ @{$through}{qw(end probe)} ], [ 0, $direct->{probe} ], 'unchanged: a link of the suite';
	$through = run([ $cmd5, 'accept' ], @ours, subprogram => [ 'sh', '-c', 'exit 9' ]);
	is_deeply [ @{$through}{qw(end ran)} ], [ 9, '' ], '... accepts, and ends the search';
	like run([$cmd5], @ours, subprogram => ["$dir/missing"])->{log}, qr/ reason=ok .*\n.* reason=exec user="joe" detail="\Q$dir\E\/missing: No such file/,
	  '... tells why the subprogram cannot be run';
	is run([ $cmd5, 'exit=1' ], @ours, message => "joe\0wrong\0\0")->{line}{reason}, 'refused', '... refuses';
	is run([ "$chain /bin/false $cmd5 --", 'accept' ], @ours, subprogram => [ 'sh', '-c', 'exit 9' ])->{end}, 9, 'a chain in a chain accepts';
	is run([ "$chain /bin/false /bin/false --", 'exit=1' ], @ours)->{line}{reason}, 'refused', '... and refuses';
	my $alone = run([], @ours, program => [ $cmd5, $chain, '--accepted=00000' ]);
	is_deeply [ @{$alone}{qw(end probe)} ], [ 111, undef ], 'without a chain it runs nothing';
	$alone = run([], @ours, program => [$cmd5], subprogram => [ $probe, "$dir/probe.out", '--accepted=00000' ]);
	is $alone->{end}, 0, 'an argument of another program means nothing';
}

# ---- how the subprogram ends -------------------------------------------------------------------

for my $code (0, 1, 2, 3, 100, 111, 255) {
	my $got = run([ 'exit=1', 'accept', 'accept' ], subprogram => [ 'sh', '-c', "echo out; echo err >&2; exit $code" ], config => "reject-codes = 3\n");
	is_deeply [ @{$got}{qw(end stdout ran)}, $got->{log} =~ /^(err)$/m ], [ $code, "out\n", 'exit=1 accept', 'err' ],
	  "the subprogram ends with $code, which is no verdict";
}
my %number;
@number{ split ' ', $Config{sig_name} } = split ' ', $Config{sig_num};
for my $signal (qw(HUP INT QUIT ILL ABRT SEGV KILL PIPE ALRM TERM XCPU XFSZ USR1)) {
	my $got = run([ 'exit=1', 'accept', 'accept' ], subprogram => [ $^X, '-e', "\$SIG{$signal} = 'DEFAULT' if '$signal' ne 'KILL'; kill $signal => \$\$; sleep 60" ]);
	is_deeply [ @{$got}{qw(end ran)} ], [ "signal $number{$signal}", 'exit=1 accept' ], "the subprogram dies of SIG$signal";
}
is run([ 'exit=1', 'accept' ], subprogram => [ 'sleep', 2 ], config => "deadline = 1\n")->{end}, 0, 'the subprogram may run longer than the deadline';
{
	my $start = time;
	my $got = row 'a checker that hangs', [ 'hang-child,accept', 'accept' ], 111, 'deadline', config => "deadline = 1\n";
	my $left = sub { grep { (read_file("$_/cmdline") // '') =~ /hang-child,accept\0\Q$chain\E\0--accepted/ } glob '/proc/[0-9]*' };
	wait_until('the processes to die', sub { !$left->() });
	pass '... and is killed with its children';
	cmp_ok time - $start, '<', 30, '... is not waited for';
	is $got->{said}, 'not done within the deadline', '... and the log says so';
	$got = row 'a message that does not end', ['accept'], 111, 'deadline', config => "deadline = 1\n", message => '', child => sub {
		pipe my $read, my $write or die "pipe: $!";
		POSIX::dup2(fileno $read, 3);
		POSIX::dup2(fileno $write, 40);
	};
}

# ---- while it goes on ---------------------------------------------------------------------------

my $log; # a file that is written to

# Starts a chain in the background; returns its process id and what reads its standard output.
sub background {
	my ($links, @subprogram) = @_;
	my $conf = write_file("$dir/background.conf", 'log = ' . ($log ? 'stderr' : 'none') . "\n");
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $message;
	close $write;
	my $pid = open my $out, '-|';
	defined $pid or die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		POSIX::dup2(fileno $read, 3) if fileno $read != 3;
		$^F = 3;
		open my $three, '<&=', 3;
		fcntl $three, F_SETFD, 0;
		POSIX::dup2(fileno $log, 2) if $log;
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CHAIN_CONF => $conf);
		exec $chain, (map { m{^/} ? $_ : "$standin $_" } @{$links}), '--', @subprogram or POSIX::_exit(96);
	}
	close $read;
	return ($pid, $out);
}

sub children {
	my ($pid) = @_;
	return split ' ', read_file("/proc/$pid/task/$pid/children") // '';
}

sub wait_until {
	my ($what, $code) = @_;
	for (1 .. 3000) {
		my ($got) = $code->();
		return $got if $got;
		sleep 0.01;
	}
	die "waited in vain for $what\n";
}

sub gone { my ($pid) = @_; return (read_file("/proc/$pid/stat") // '') =~ /\) [^Z]/ ? 0 : 1 }

for my $signal (qw(HUP INT QUIT USR1 USR2 ALRM WINCH TERM)) {
	my ($pid, $out) = background([ 'exit=1', 'accept' ], $^X, '-e',
		"\$| = 1; \$SIG{$signal} = sub { print qq($signal\\n); exit 5 }; print qq(ready\\n); sleep 60");
	is scalar <$out>, "ready\n", 'a session';
	kill $signal => $pid;
	is scalar <$out>, "$signal\n", "... is sent SIG$signal that is sent to the chain";
	waitpid $pid, 0;
	is $? >> 8, 5, '... and ends as it likes';
	close $out;
}
{
	# A log that hangs holds the chain for two seconds, in which the session goes on.
	pipe my $never_read, $log or die "pipe: $!";
	fcntl $log, F_SETFL, O_NONBLOCK;
	1 while syswrite $log, 'x' x 4096;
	fcntl $log, F_SETFL, 0;
	my ($pid, $out) = background([ 'accept' ], $^X, '-e',
		'$| = 1; $SIG{TERM} = sub { print "TERM\n"; exit 5 }; print "ready\n"; sleep 60');
	undef $log;
	<$out>;
	kill TERM => $pid;
	is scalar <$out>, "TERM\n", 'a signal that comes while the chain still logs is passed on';
	waitpid $pid, 0;
	is $?, 5 << 8, '... and does not end the chain';
	close $out;
}
{
	# A subprogram that takes long to be run, such as one on a disk that does not answer.
	my $link = write_file("$dir/slow-link", "#!$^X\n" . <<'EOF');
use Socket;
socket my $gate, AF_UNIX, SOCK_SEQPACKET, 0;
connect $gate, pack('Sxa*', AF_UNIX, $ARGV[1] =~ s/^--accepted=//r) or die "connect: $!";
recv $gate, my $pass, 64, 0;
$SIG{$_} = eval "sub { print qq($_\n) }" for qw(USR1 ALRM);
$| = 1;
print "ready\n";
sleep 60 while 1;
EOF
	chmod 0755, $link;
	my ($pid, $out) = background([$link], 'true');
	is scalar <$out>, "ready\n", 'a subprogram that does not start';
	for my $signal (qw(USR1 ALRM)) {
		kill $signal => $pid;
		is scalar <$out>, "$signal\n", "... is sent SIG$signal that is sent to the chain";
	}
	kill TERM => $pid;
	waitpid $pid, 0;
	is $?, 15, '... and ended by SIGTERM, as the chain is then';
	close $out;
}
{
	my ($pid, $out) = background([ 'accept' ], $^X, '-e', '$| = 1; print "ready\n"; sleep 60');
	<$out>;
	my ($child) = children($pid);
	kill KILL => $pid;
	wait_until 'the subprogram to die', sub { gone($child) };
	pass 'who kills the chain kills the subprogram';
	waitpid $pid, 0;
	close $out;
}
{
	my ($pid, $out) = background([ 'hang' ], 'true');
	my ($child) = wait_until 'the checker', sub { children($pid) };
	for my $process ($pid, $child) {
		my $shown = join '', map { read_file("/proc/$process/$_") // '' } qw(cmdline environ);
		unlike $shown, qr/\Q$password/, 'no password in arguments or environment';
	}
	unlike join(' ', map { readlink } glob "/proc/$child/fd/*"), qr/socket/, 'a checker gets no descriptor of the chain';
	kill TERM => $pid;
	wait_until 'the checker to die', sub { gone($child) };
	pass 'a checker dies with the chain';
	waitpid $pid, 0;
	is $? & 127, 15, '... which was killed';
	close $out;
}
SKIP: {
	# A signal of the terminal reaches the whole group: the chain must not pass it on once more.
	skip 'IO::Pty is not installed', 2 if !eval { require IO::Pty; 1 };
	my $pty = IO::Pty->new;
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $message;
	close $write;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$pty->make_slave_controlling_terminal;
		POSIX::dup2(fileno $pty->slave, $_) for 0 .. 2;
		POSIX::dup2(fileno $read, 3);
		$^F = 3;
		open my $three, '<&=', 3;
		fcntl $three, F_SETFD, 0;
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CHAIN_CONF => write_file("$dir/background.conf", "log = none\n"));
		exec $chain, "$standin accept", '--', $^X, '-e',
		  '$| = 1; $SIG{INT} = sub { $count++ }; print "ready\n"; sleep 1 while !$count; sleep 1; print "INT $count\n"; exit 6'
		  or POSIX::_exit(96);
	}
	$pty->close_slave;
	my $shown = '';
	while ($shown !~ /INT \d/) {
		sysread $pty, my $more, 4096 or last;
		$shown .= $more;
		print {$pty} "\cC" if $more =~ /ready/;
	}
	like $shown, qr/INT 1\r/, 'a signal of the terminal comes once';
	waitpid $pid, 0;
	is $? >> 8, 6, '... and does not end the chain';
}
{
	# A client that is told good-bye must see the end, though the chain waits on.
	my ($pid, $out) = background([ 'accept' ], $^X, '-e', 'close STDOUT; close STDERR; sleep 60');
	is scalar <$out>, undef, 'a connection that the subprogram closes is closed';
	kill TERM => $pid;
	waitpid $pid, 0;
	close $out;
}
{
	# The name of the gate is in the arguments for all to see: knocking there must be of no use.
	my $go = "$dir/go";
	my ($pid, $out) = background([ "wait=$go,exit=0" ], 'sh', '-c', 'echo ran');
	my $name = wait_until 'the gate', sub {
		my ($child) = children($pid) or return;
		return (read_file("/proc/$child/cmdline") // '') =~ /\0--accepted=([^\0]+)\0/ ? $1 : undef;
	};
	my @knocks = map {
		socket my $knock, AF_UNIX, SOCK_SEQPACKET, 0 or die "socket: $!";
		connect $knock, pack('Sxa*', AF_UNIX, $name) or die "connect: $!";
		$knock
	} 1 .. 20;
	my $refused = 0;
	for my $knock (@knocks) {
		my $pass = '';
		$refused++ if !defined recv($knock, $pass, 64, 0) || $pass eq '';
	}
	is $refused, 20, 'a stranger who knocks is not let through';
	my $other = fork // die "fork: $!";
	if ($other == 0) {
		open STDOUT, '>', '/dev/null';
		exec $chain, "--accepted=$name", 'true' or POSIX::_exit(96);
	}
	waitpid $other, 0;
	is $? >> 8, 111, '... nor with the chain\'s own program';
	write_file($go, '');
	is scalar <$out>, undef, '... and has accepted nothing';
	waitpid $pid, 0;
	is $? >> 8, 111, '... for a checker that ends with 0';
	close $out;
}
is system($chain, "--accepted=$_", 'true') >> 8, 111, "nothing is accepted without a chain: $_"
  for '00000', '', 'x' x 200;
# A path that holds in one folder only is none that a checker could be given.
{
	my $conf = write_file("$dir/relative.conf", "log = stderr\nchecker = $standin accept\n");
	my $log = qx{cd '@{[ build_dir() ]}/bin' && printf 'joe\\0secret\\0\\0' | CHECKPW_CHAIN_CONF='$conf' ./checkpw-chain sh -c 'exit 42' 3<&0 2>&1};
	is $? >> 8, 42, 'started by a relative path' or diag $log;
}
{
	my $go = "$dir/go2";
	my ($pid, $out) = background([ "session,wait=$go,accept" ], 'sh', '-c', 'echo ran');
	my ($child) = wait_until 'the checker', sub { children($pid) };
	wait_until 'its wait', sub { (read_file("/proc/$child/cmdline") // '') =~ /standin/ };
	kill KILL => $pid;
	waitpid $pid, 0;
	write_file($go, '');
	is scalar <$out>, undef, 'a checker that accepts when the chain is dead has accepted nothing';
	close $out;
}
done_testing;
