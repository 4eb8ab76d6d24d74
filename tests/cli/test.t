# checkpw-test: what it writes for each caller, what it says of what comes back, and how it asks.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Digest::MD5 'md5_hex';
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes 'time';

my $dir = scratch();
my $test = checker('checkpw-test');
my $standin = build_dir() . '/tests/standin';
my $probe = build_dir() . '/tests/probe';
my $record = "$dir/record";
my $conf = write_file("$dir/conf", "log = stderr\nfile = $dir/users\n");
write_file("$dir/users", "joe:secret\njane:{CRAM-MD5}" . cram_context('secret') . "\n");

$SIG{ALRM} = sub { die "checkpw-test did not end\n" };
alarm 200;

# Runs it with these words; the password on standard input. ->{objects} are those of --json.
sub run {
	my ($words, %given) = @_;
	unlink $record;
	write_file("$dir/stdin", $given{input} // "secret\n");
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', "$dir/stdin";
		open STDOUT, '>', "$dir/out";
		open STDERR, '>', "$dir/err";
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CONF => $conf, STANDIN_RECORD => $record, %{ $given{env} || {} });
		exec $test, @{$words} or POSIX::_exit(96);
	}
	waitpid $pid, 0;
	my $out = read_file("$dir/out");
	my %got = (exit => $? >> 8, out => $out, err => read_file("$dir/err"));
	$got{objects} = [ map { decode_json($_) } grep { /^\{/ } split /\n/, $out ];
	$got{messages} = [ map { pack 'H*', $_ } (read_file($record) // '') =~ /^\S+ (\S+)/mg ];
	return \%got;
}

# ---- the shapes --------------------------------------------------------------------------------

# As the callers' sources have them; C and D are looked at by their form.
my $c = qr/<\d+\.\d+\@[^<>\0]+>/;
my $d = qr/[0-9a-f]{32}/;
my %shape = (
	S1  => { plain => qr/joe\0secret\0$c\0/, apop => qr/joe\0$d\0$c\0/ },
	S2  => { plain => qr/joe\0secret\0\0/, login => qr/joe\0secret\0\0/, 'cram-md5' => qr/joe\0$d\0$c\0/ },
	S2b => { plain => qr/joe\0secret\0/, login => qr/joe\0secret\0/ },
	S3  => { plain => qr/joe\0secret\0\0/, login => qr/joe\0secret\0\0/, 'cram-md5' => qr/joe\0$d\0$c\0/ },
	S3b => { plain => qr/joe\0secret\0\0/, login => qr/joe\0secret\0\0/ },
	S4  => { plain => qr/joe\0secret\0\0/, login => qr/joe\0secret\0\0/, 'cram-md5' => qr/joe\0$c\0$d\0/ },
	S5  => { plain => qr/joe\0secret\0\0\x02\0/, login => qr/joe\0secret\0\0\x01\0/, 'cram-md5' => qr/joe\0$c\0$d\0\x03\0/ },
	S6  => { plain => qr/joe\0secret\0\0/ },
	S7  => { plain => qr/joe\0secret\0Y123456\0/, login => qr/joe\0secret\0Y123456\0/ },
	S8  => { plain => qr/joe\0secret\0\0/, login => qr/joe\0secret\0\0/, 'cram-md5' => qr/joe\0$d\0$c\0/ },
);
{
	my $got = run([ qw(-u joe --stdin --json --shape all), $standin, 'exit=1' ]);
	my @messages = @{ $got->{messages} };
	my %seen;
	for my $object (@{ $got->{objects} }) {
		my ($shape, $mechanism) = @{$object}{qw(shape mechanism)};
		like shift @messages, qr/\A$shape{$shape}{$mechanism}\z/, "$shape $mechanism";
		$seen{$shape}{$mechanism} = 1;
	}
	is_deeply \%seen, { map { my $id = $_; ($id => { map { $_ => 1 } keys %{ $shape{$id} } }) } keys %shape }, 'all of them are tried';
	is $got->{exit}, 1, 'all are refused';
	for my $case ([ old => qr/joe\0$c\0$d\0/ ], [ new => qr/joe\0$d\0$c\0/ ]) {
		my ($order, $form) = @{$case};
		for my $shape (qw(S2 S4)) {
			like run([ qw(-u joe --stdin --mech cram-md5 --order), $order, '--shape', $shape, $standin, 'exit=1' ])->{messages}[0],
			  qr/\A$form\z/, "--order $order, $shape";
		}
	}
	is run([ qw(-u joe --stdin --shape s6u), $standin, 'exit=1' ])->{messages}[0], "joe\0\0\0", 'S6u, a lookup';
	my ($login, $digest, $challenge) = split /\0/, run([ qw(-u joe --stdin --mech apop --shape S1), $standin, 'exit=1' ])->{messages}[0];
	is $digest, md5_hex($challenge . 'secret'), 'the digest of APOP';
	($login, $digest, $challenge) = split /\0/, run([ qw(-u joe --stdin --mech cram-md5), $standin, 'exit=1' ])->{messages}[0];
	is $digest, hmac_md5_hex($challenge, 'secret'), '... and of CRAM-MD5';
}
for my $case ([ S1 => { TCPLOCALPORT => 110 } ], [ S2 => { TCPLOCALPORT => 25 } ], [ S3 => { TCPLOCALPORT => 587, SMTPAUTH => '+cram', SMTPAUTHMETHOD => 'plain' } ],
	[ S3b => { TCPLOCALPORT => 587, SMTPAUTH => '', SMTPAUTHMETHOD => 'plain' } ], [ S6 => { SERVICE => 'imap', PROTO => 'TCP', AUTH_MECH => 'PLAIN' } ]) {
	my ($shape, $expected) = @{$case};
	run([ qw(-u joe --stdin --mech plain --shape), $shape, $standin, 'accept', '--', $probe, "$dir/probe" ], env => { SMTPAUTH => 'x', SERVICE => 'x', AUTHORIZED => 1 });
	my %env = (read_file("$dir/probe") // '') =~ /^env ([^=]*)=(.*)$/mg;
	delete @env{qw(PATH CHECKPW_CONF STANDIN_RECORD TCPREMOTEIP)};
	is_deeply \%env, $expected, "the environment of $shape";
	like read_file("$dir/probe"), qr/^descriptors 0 1 2$/m, '... and no descriptor more';
}

# ---- a real checker ----------------------------------------------------------------------------

{
	my $cmd5 = checker();
	my $got = run([ qw(-u joe --stdin --json --shape all), $cmd5 ], env => {});
	my @accepted = grep { $_->{verdict} eq 'accepted' } @{ $got->{objects} };
	my @not = map { "$_->{shape} $_->{mechanism}" } grep { $_->{verdict} ne 'accepted' } @{ $got->{objects} };
	is_deeply \@not, [ 'S1 apop', 'S5 cram-md5' ], 'cmd5checkpw accepts all but what is switched off';
	is scalar(grep { "@{ $_->{log} }" =~ /^cmd5checkpw\[\d+\]: auth-ok service=\w+ ip=127\.0\.0\.1 mech=\S+ reason=ok user="joe"$/ } @accepted),
	  scalar @accepted, '... each with its line of the log';
	is $got->{exit}, 1, '... which is a refusal';
	$got = run([ qw(-u jane --stdin), $cmd5 ]);
	is_deeply [ $got->{exit}, $got->{err} ], [ 0, '' ], 'all accepted is 0';
	like $got->{out}, qr/^S3   cram-md5  accepted   exit 0  \d+\.\d ms  \(qmail-smtpd-auth 0\.7.*\)\n     log: cmd5checkpw\[\d+\]: auth-ok /m, '... in words';
	unlike $got->{out}, qr/\e/, '... without colours';
	like run([ '--stdin', $cmd5 ], input => "joe\nwrong\n")->{out}, qr/refused    exit 1 /, 'the login from standard input too';
	unlike run([ qw(-u joe --stdin), $cmd5 ], input => "wrong-7391\n")->{out}, qr/7391/, 'no password is shown';
	my $chain = checker('checkpw-chain');
	$got = run([ qw(-u joe --stdin --json), $chain, "$standin exit=1", $cmd5, '--', 'sh', '-c', 'exit 3' ], env => { CHECKPW_CHAIN_CONF => write_file("$dir/chain", "log = stderr\n") });
	is_deeply [ map { $_->{verdict}, $_->{exit} } @{ $got->{objects} } ], [ ('accepted', 3) x 3 ], 'a chain, and the subprogram\'s own exit code';
	is_deeply [ map { scalar @{ $_->{log} } } @{ $got->{objects} } ], [ 2, 2, 2 ], '... with both logs';
}

# ---- what comes back ---------------------------------------------------------------------------

for my $case (
	[ 'accept', 0, 'accepted', 0 ], [ 'exit=1', 1, 'refused', 1 ], [ 'exit=2', 111, 'misused', 2 ], [ 'exit=111', 111, 'temporary', 111 ],
	[ 'exit=0', 111, 'exit 0 without a subprogram', 0 ], [ 'exit=3', 111, 'exit code of no meaning', 3 ], [ 'crash', 111, 'crashed', 0 ],
	[ 'hang-child', 111, 'hangs', 0 ], [ 'close,accept', 0, 'accepted', 0 ], [ 'clear,accept', 0, 'accepted', 0 ], [ 'fork', 0, 'accepted', 0 ],
  ) {
	my ($actions, $exit, $verdict, $code) = @{$case};
	my $seconds = $actions =~ /hang/ ? 1 : 60;
	my $got = run([ qw(-u joe --stdin --json --mech plain --seconds), $seconds, $standin, $actions ]);
	is_deeply [ $got->{exit}, map { @{$_}{qw(verdict exit)} } @{ $got->{objects} } ], [ $exit, $verdict, $code ], "a checker that does $actions: $verdict";
}
{
	my $got = run([ qw(-u joe --stdin --json --mech plain), $standin, 'say,accept', '--', 'echo', 'from the subprogram' ]);
	is $got->{objects}[0]{output}, "checking ...\n", 'what the checker writes to the client is shown, and only that';
	$got = run([ qw(-u joe --stdin --mech plain), $standin, 'accept', '--', "$dir/missing" ]);
	like $got->{out}, qr/the subprogram cannot be run: No such file/, 'a subprogram that is missing';
	$got = run([ qw(-u joe --stdin --mech plain), "$dir/missing" ]);
	like $got->{out}, qr/not run    \Q$dir\E\/missing: No such file/, 'a checker that is missing';
	is $got->{exit}, 111, '... is 111';
	$got = run([ qw(-u joe --stdin --mech plain), $standin, 'crash' ]);
	like $got->{out}, qr/crashed    signal 11/, 'a crash, in words';
	my $escape = write_file("$dir/escape", "#!/bin/sh\nprintf '\\033[31mred\\n' >&2\nexit 1\n", 0755);
	like run([ qw(-u joe --stdin --mech plain), $escape ])->{out}, qr/log: \\x1b\[31mred/, 'a log cannot speak to the terminal';
	is run([ qw(-u joe --stdin --json --mech plain), $escape ])->{objects}[0]{log}[0], "\e[31mred", '... nor break the JSON';
}

# ---- wrong words -------------------------------------------------------------------------------

for my $case ([], ['-x'], [ '--shape', 'S9', 'true' ], [ '--order', 'odd', 'true' ], [ '--mech', 'ntlm', 'true' ], [ '--seconds', '0', 'true' ],
	[ '--seconds', '5x', 'true' ], ['--'], [ '-u', 'joe' ]) {
	my $got = run($case);
	is $got->{exit}, 2, "usage: @{$case}";
	like $got->{err}, qr/^usage: checkpw-test /m, '... is told';
}
is run([ qw(-u joe --stdin --shape S7 --mech apop true) ])->{exit}, 2, 'a mechanism that the shape has not got';
is run([ qw(-u joe --stdin true) ], input => '')->{exit}, 111, 'no password';
is run([ qw(-u joe --stdin true) ], input => 'x' x 600 . "\n")->{exit}, 111, 'a password that is too long';
is run([ '-u', 'x' x 600, qw(--stdin true) ])->{exit}, 111, 'a login that is too long';
if ($> != 0) {
	my $got = run([ qw(--as root -u joe --stdin true) ]);
	is_deeply [ $got->{exit}, $got->{err} ], [ 2, "checkpw-test: only root can run a checker as somebody else\n" ], 'only root can use --as';
}

# ---- the terminal ------------------------------------------------------------------------------

SKIP: {
	skip 'IO::Pty is not installed', 6 if !eval { require IO::Pty; 1 };
	my $pty = IO::Pty->new;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$pty->make_slave_controlling_terminal;
		my $terminal = $pty->slave;
		open STDIN, '<&', $terminal;
		open STDOUT, '>&', $terminal;
		open STDERR, '>&', $terminal;
		my $checker = checker();
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CONF => $conf);
		exec $test, qw(--mech plain), $checker or POSIX::_exit(96);
	}
	$pty->close_slave;
	my $shown = '';
	my $until = sub {
		my ($what) = @_;
		while ($shown !~ $what) {
			sysread $pty, my $more, 4096 or last;
			$shown .= $more;
		}
	};
	$until->(qr/Login: /);
	print {$pty} "joe\n";
	$until->(qr/Password: /);
	# Typed only when the question is there: before it the terminal shows what is typed.
	print {$pty} "secret\n";
	$until->(qr/log: .*\n/);
	like $shown, qr/\ALogin: joe\r\nPassword: \r\n/, 'the login is shown, the password is not';
	like $shown, qr/\e\[32maccepted \s*\e\[0m/, 'colours on a terminal';
	unlike $shown, qr/secret/, 'no password';
	waitpid $pid, 0;
	is $? >> 8, 0, 'accepted';

	$pty = IO::Pty->new;
	$pid = fork // die "fork: $!";
	if ($pid == 0) {
		$pty->make_slave_controlling_terminal;
		POSIX::dup2(fileno $pty->slave, $_) for 0 .. 2;
		exec $test, qw(-u joe true) or POSIX::_exit(96);
	}
	$shown = '';
	$until->(qr/Password: /);
	my $echoes = sub { my $state = POSIX::Termios->new; $state->getattr(fileno $pty->slave); return ($state->getlflag & POSIX::ECHO()) != 0 };
	my $hidden = !$echoes->();
	print {$pty} "\cC";
	waitpid $pid, 0;
	is_deeply [ $hidden, $? & 127, $echoes->() ], [ 1, 2, 1 ], 'who interrupts the question gets his terminal back';
	my $alone = fork // die "fork: $!";
	if ($alone == 0) {
		POSIX::setsid();
		open STDERR, '>', "$dir/err";
		exec $test, qw(-u joe true) or POSIX::_exit(96);
	}
	waitpid $alone, 0;
	is_deeply [ $? >> 8, read_file("$dir/err") ], [ 111, "checkpw-test: there is no terminal to ask on; --stdin reads from standard input\n" ], 'no terminal';
}
done_testing;
