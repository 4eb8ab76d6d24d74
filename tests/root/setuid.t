# The set-id installation of the manual: a checker that owns the store and is started by a mail user.
#
# Everything happens in a mount namespace of this test's own, with copies of /etc and /dev, so the
# machine is not touched, and the test reads what is sent to /dev/log. Users are numbers.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Config;
use Fcntl;
use Namespace;
use POSIX ();
use Socket;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs root, to make set-id programs' if $> != 0;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
own_namespace();

# A checker that hangs must not hang the tests.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 400;

# checkpw owns checker and store, mail starts the checker, stranger is neither.
my ($checkpw, $mail, $stranger) = (61_101, 61_102, 61_103);
my @groups = (61_104, 61_105);
my @as_mail = ('setpriv', "--reuid=$mail", "--regid=$mail", '--groups=' . join(',', @groups), '--');

my $dir = scratch();
my $password = 'Kennwort-7391';
my $wrong = 'Falsch-4482';
my $right = "joe\0$password\0\0";
my $store = '/etc/poppasswd';
my $conf = '/etc/checkpw/cmd5checkpw.conf';
my $log;

{
	# /tmp may be mounted without set-id bits.
	mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
	mkdir "$dir/$_" or die "mkdir: $!" for qw(etc dev build build/bin build/tests cores);
	must('cp', '-p', checker(), "$dir/build/bin");
	must('cp', '-p', build_dir() . "/tests/$_", "$dir/build/tests") for qw(probe spawn);
	$ENV{CHECKPW_BUILD} = "$dir/build";
	must('cp', '-a', '/etc/.', "$dir/etc");
	mount_on('/etc', '--bind', "$dir/etc");
	for my $device (qw(null zero full tty urandom)) {
		write_file("$dir/dev/$device", '');
		mount_on("$dir/dev/$device", '--bind', "/dev/$device");
	}
	mount_on('/dev', '--rbind', "$dir/dev");
	chmod 0777, "$dir/cores";
	mkdir '/etc/checkpw';
	unlink $conf;
}

sub open_log {
	socket $log, AF_UNIX, SOCK_DGRAM, 0 or die "socket: $!";
	bind $log, pack_sockaddr_un('/dev/log') or die "/dev/log: $!";
	fcntl $log, F_SETFL, O_NONBLOCK;
	chmod 0666, '/dev/log' or die "chmod /dev/log: $!";
}
open_log();

# What was sent to syslog since the last time.
sub logged {
	my @lines;
	while (fileno $log && defined recv $log, my $line, 65_536, 0) {
		push @lines, $line;
	}
	return @lines;
}

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner, $group, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

# A copy of the checker with an owner and set-id bits.
sub copy {
	my ($name, $owner, $group, $mode) = @_;
	return put("$dir/build/bin/$name", read_file(checker()), $owner, $group, $mode);
}

my $both = copy('both', $checkpw, $checkpw, 06755);
my $plain = copy('plain', 0, 0, 0755);

sub usual_store { put($store, "joe:$password\n", $checkpw, $checkpw, 0400) }
usual_store();

# A run as `mail` unless `before` says otherwise; ->{syslog} is what arrived at /dev/log.
sub run {
	my (%given) = @_;
	my $program = $given{program} // $both;
	my $got = attempt(message => $right, before => \@as_mail, env => { CHECKPW_CONF => $conf }, %given,
		program => ref $program ? $program : [$program]);
	$got->{syslog} = join "\n", logged();
	$got->{outcome} = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	return $got;
}

sub sent { my ($priority, $rest) = @_; return qr/\A<$priority>cmd5checkpw\[\d+\]: $rest\z/ }

# The outcome, one message to syslog, and nothing on stdout or descriptor 2.
sub row {
	my ($name, $exit, $priority, $rest, %given) = @_;
	my $got = run(%given);
	is_deeply [ @{$got}{qw(outcome stdout log)} ], [ $exit . ($exit == 0 ? ' ran' : ''), '', '' ], $name or diag $got->{syslog};
	like $got->{syslog}, sent($priority, $rest), '... and what is logged';
	unlike $got->{syslog}, qr/\Q$password\E|\Q$wrong\E/, '... without a password';
	return $got;
}
my $accepted = qr/auth-ok service=- ip=- mech=plain reason=ok user="joe"/;
my $refused = qr/auth-fail service=- ip=- mech=plain reason=mismatch user="joe"/;
sub temporary { my ($reason, $detail) = @_; return qr/auth-temp service=\S+ ip=- mech=- reason=$reason user="" detail="$detail"/ }

# All that the probe finds must be as without a checker, but for descriptor 3.
sub unchanged {
	my ($name, %given) = @_;
	my $direct = run(%given, program => []);
	my $got = run(%given);
	$direct->{probe}{descriptors} =~ s/ 3\b//;
	is_deeply [ $got->{outcome}, $got->{probe}, $got->{env} ], [ '0 ran', $direct->{probe}, $direct->{env} ], "unchanged: $name"
	  or diag $got->{syslog};
	return $got;
}

my $probe = ["$dir/build/tests/probe", "$dir/probe.out", $store];

# Tries to become again what the checker was; exits with the number of successes.
my $regain = [ $^X, '-e', <<'PERL', $checkpw ];
use POSIX ();
my ($id) = @ARGV;
my $won = 0;
for my $wanted ($id, 0) {
	$> = $wanted; $won++ if $> == $wanted;
	$< = $wanted; $won++ if $< == $wanted;
	($<, $>) = ($wanted, $wanted); $won++ if $< == $wanted;
	$won++ if POSIX::setuid($wanted);
	$) = $wanted; $won++ if "$)" =~ /^$wanted /;
	$( = $wanted; $won++ if "$(" =~ /^$wanted /;
	$won++ if POSIX::setgid($wanted);
	$won++ if open my $store, '<', '/etc/poppasswd';
}
exit $won;
PERL

# ---- the installation as documented --------------------------------------------------------------

row 'accepted', 0, 22, $accepted;
row 'refused', 1, 21, $refused, message => "joe\0$wrong\0\0";
row 'CVE-2000-0990: an unknown login is refused as a wrong password is', 1, 21,
  qr/auth-fail service=- ip=- mech=plain reason=mismatch user="nobody"/,
  message => "nobody\0$password\0\0";
row 'CVE-2000-0583: the login is no format string', 1, 21, qr/auth-fail .* user="%s%s%n%n%500d"/,
  message => "%s%s%n%n%500d\0$wrong\0\0";
row 'CVE-2000-0583: the login forges no line', 1, 21, qr/auth-fail .* user="x\\x0a<22>cmd5checkpw\[1\]: auth-ok"/,
  message => "x\n<22>cmd5checkpw[1]: auth-ok\0$wrong\0\0";
row 'CVE-2000-0091: an overlong login', 1, 21, qr/auth-fail .* reason=oversize user="a{64}"\.\.\./,
  message => 'a' x 500 . "\0$password\0\0";
row 'CVE-2000-0091: an overlong password', 1, 21, qr/auth-fail .* reason=oversize user="joe"/,
  message => "joe\0" . 'a' x 60_000 . "\0\0";
row 'no argument', 2, 19, qr/auth-temp service=- ip=- mech=- reason=usage user="".*/, before => [],
  program => [ @as_mail, $both ], subprogram => [];
row 'descriptor 3 closed', 2, 19, qr/auth-temp .* reason=descriptor user="".*/,
  before => [ @as_mail, "$dir/build/tests/spawn", '-c', 3 ];
row 'descriptors 0 to 2 closed', 0, 22, $accepted, before => [ @as_mail, "$dir/build/tests/spawn", map { ('-c', $_) } 0 .. 2 ];
{
	my $got = run(subprogram => ["$dir/missing"]);
	is $got->{outcome}, 111, 'a missing subprogram';
	my $why = qr{detail="\Q$dir\E/missing: No such file or directory"};
	like $got->{syslog}, qr/\A<22>.*reason=ok.*\n<19>.*auth-temp .* reason=exec user="joe" $why\z/, '... is logged';
}

# ---- CVE-2005-0580: the subprogram has the ids of the caller ------------------------------------

sub drops_everything {
	my ($name, $program) = @_;
	my $got = unchanged $name, program => $program, subprogram => $probe;
	is_deeply [ @{ $got->{probe} }{qw(uid gid groups open)} ],
	  [ "$mail $mail $mail", "$mail $mail $mail", "@groups", "$store Permission denied" ],
	  '... all six ids, the groups, and the store is closed';
	is $got->{probe}{$_}, '0' x 16, "... $_" for qw(CapPrm CapEff CapAmb);
	is run(program => $program, subprogram => $regain)->{outcome}, 0, '... nothing can be taken back' or diag $got->{syslog};
}
drops_everything 'CVE-2005-0580: set-uid and set-gid', $both;
drops_everything 'CVE-2005-0580: set-uid', copy('setuid', $checkpw, $checkpw, 04755);
put($store, "joe:$password\n", 0, $checkpw, 0440);
drops_everything 'CVE-2005-0580: set-gid', copy('setgid', $stranger, $checkpw, 02755);
put($store, "joe:$password\n", 0, 0, 0400);
drops_everything 'CVE-2005-0580: set-uid root', copy('setuid-root', 0, 0, 04755);
drops_everything 'CVE-2005-0580: set-uid and set-gid root', copy('both-root', 0, 0, 06755);
SKIP: {
	my $capable = copy('capable', 0, 0, 0755);
	local $ENV{PATH} = "$ENV{PATH}:/sbin:/usr/sbin";
	skip 'no setcap here', 7 if system("setcap cap_dac_read_search+ep '$capable' 2>/dev/null") != 0;
	drops_everything 'file capabilities instead of a set-id bit', $capable;
	my ($pid, $write) = waiting($capable, '/bin/true');
	like read_file("/proc/$pid/status"), qr/^CapPrm:\t0+\nCapEff:\t0+\n/m, '... not even the checker has them any more';
	kill KILL => $pid;
	waitpid $pid, 0;
}
usual_store();
isnt run(program => [], before => [ 'setpriv', "--reuid=$checkpw", '--keep-groups', '--' ],
  subprogram => $regain)->{outcome}, 0,
  'that test finds ids that were kept';
{
	my @signals = map { ($_ % 2 ? '-b' : '-i', $_) } 1 .. 8, 12 .. 16;
	unchanged 'with odd signals, limits, umask, an alarm',
	  before => [ @as_mail, "$dir/build/tests/spawn", @signals, '-a', 1000, '-u', '027',
		map { ('-l', $_) } '4=12345', '7=64', '12=1000', '1=1000000' ];
	unchanged 'started by root', before => [];
	unchanged 'started by root, with other groups', before => [ 'setpriv', "--regid=$mail", "--groups=$groups[0]", '--' ];
	put($store, "joe:$password\n", $stranger, $stranger, 0400);
	unchanged 'root without a set-id bit, the store is somebody\'s', before => [], program => $plain,
	  env => { CHECKPW_CONF => put("$dir/root.conf", '', 0, 0, 0600) };
	usual_store();
}
{
	my $got = run(before => [ @as_mail, "$dir/build/tests/spawn", '-l', '6=0' ], subprogram => ["$dir/build/tests/probe"]);
	like $got->{outcome}, qr/^(?:99|111)$/, 'no processes allowed: a new id fails closed' or diag $got->{syslog};
}

# ---- the environment chooses nothing -------------------------------------------------------------

{
	my $other = put("$dir/other", "joe:$wrong\n", $mail, $mail, 0444);
	my $given = put("$dir/given.conf", "file = $other\nlog = stderr\n", $checkpw, $checkpw, 0444);
	row '$CHECKPW_CONF is ignored: its store', 1, 21, $refused, env => { CHECKPW_CONF => $given }, message => "joe\0$wrong\0\0";
	row '$CHECKPW_CONF is ignored: the real store counts', 0, 22, $accepted, env => { CHECKPW_CONF => $given };
	row '$CHECKPW_CONF is ignored: set-gid', 111, 19, temporary('store', "$store: Permission denied \\(as uid $mail\\)"),
	  env => { CHECKPW_CONF => $given }, program => "$dir/build/bin/setgid";
	row 'variables of the loader and the C library', 0, 22, $accepted,
	  before => [ @as_mail, "$dir/build/tests/spawn", map { ('-e', $_) }
		"LD_PRELOAD=$dir/none.so", "LD_LIBRARY_PATH=$dir", "LD_AUDIT=$dir/none.so", 'LD_SHOW_AUXV=1', 'LD_DEBUG=all',
		"LD_DEBUG_OUTPUT=$dir/cores/debug",
		'GLIBC_TUNABLES=glibc.malloc.check=3:glibc.rtld.optional_static_tls=99999999999', 'MALLOC_CHECK_=3', 'MALLOC_PERTURB_=1',
		"OPENSSL_CONF=$given", "TZ=$given", "GCONV_PATH=$dir", "LOCPATH=$dir", 'LANG=xx_XX' ];
	is_deeply [ glob "$dir/cores/*" ], [], '... leave no file';
}

# ---- configuration and store: who owns them and who may write ------------------------------------

{
	put($conf, "file = $dir/elsewhere\nservice = imap\n", 0, 0, 0644);
	put("$dir/elsewhere", "joe:$password\n", $checkpw, 0, 0400);
	row "$conf counts", 0, 22, qr/auth-ok service=imap ip=- mech=plain reason=ok user="joe"/;
	put($conf, "file = $dir/elsewhere\nlog = stderr\n", $checkpw, $checkpw, 0400);
	is run()->{line}{reason}, 'ok', '... if it belongs to the effective user';
	for my $owner ($mail, $stranger) {
		put($conf, "log = stderr\n", $owner, $owner, 0644);
		row "$conf of uid $owner", 111, 19, temporary('configuration', "$conf: owner is uid $owner, must be root or uid $checkpw");
	}
	for my $mode (0664, 0646) {
		my $octal = sprintf '%04o', $mode;
		put($conf, "log = stderr\n", 0, 0, $mode);
		row "$conf of mode $octal", 111, 19, temporary('configuration', "$conf: mode is $octal: others may write to it");
	}
	put($conf, "log = stderr\n", 0, 0, 0600);
	row "$conf that cannot be read", 111, 19, temporary('configuration', "$conf: Permission denied \\(as uid $checkpw\\)");
	unlink $conf;
	for my $case ([ "$dir/missing", 'No such file or directory' ], [ 'given.conf', 'not an absolute path' ],
		[ '', 'not an absolute path' ],
		[ $dir, 'not a regular file' ], [ '/dev/null', 'not a regular file' ],
		[ "$dir/given.conf", "owner is uid $checkpw, must be root or uid $mail" ]) {
		my ($path, $why) = @$case;
		row "\$CHECKPW_CONF='$path' without a set-id bit", 111, 19, temporary('configuration', "\Q$path: $why\E[^\"]*"),
		  program => $plain,
		  env => { CHECKPW_CONF => $path };
	}
}
{
	row 'the set-id bit is missing', 111, 19, temporary('store', "$store: Permission denied \\(as uid $mail\\)"),
	  program => $plain, env => { CHECKPW_CONF => "$dir/own.conf" }
	  if put("$dir/own.conf", '', $mail, $mail, 0400);
	row 'the set-id bit does not count: no_new_privs', 111, 19, temporary('store', "$store: Permission denied \\(as uid $mail\\)"),
	  before => [ 'setpriv', '--no-new-privs', @as_mail[ 1 .. $#as_mail ] ], env => { CHECKPW_CONF => "$dir/own.conf" };
	for my $case ([ $mail, 0444 ], [ $stranger, 0444 ], [ $stranger, 0644 ]) {
		my ($owner, $mode) = @$case;
		put($store, "joe:$password\n", $owner, $owner, $mode);
		row sprintf('the store belongs to %d and has mode %04o', $owner, $mode), 111, 19,
		  temporary('store', "$store: owner is uid $owner, must be root or uid $checkpw");
	}
	put($store, "joe:$password\n", $stranger, $stranger, 0400);
	row 'set-uid root: the store belongs to a stranger, whom root has named', 0, 22, $accepted,
	  program => "$dir/build/bin/setuid-root";
	for my $mode (0602, 0666, 0777) {
		my $octal = sprintf '%04o', $mode;
		put($store, "joe:$password\n", $checkpw, $checkpw, $mode);
		row "the store has mode $octal", 111, 19, temporary('store', "$store: mode is $octal: others may write to it");
	}
	put($store, "joe:$password\n", $checkpw, $checkpw, 0444);
	my $got = run();
	is $got->{outcome}, '0 ran', 'the store has mode 0444';
	my $warning = qr/<20>cmd5checkpw\[\d+\]: warning detail="$store: everybody can read it: chmod 400"/;
	like $got->{syslog}, qr/\A$warning\n<22>.* auth-ok .*\z/, '... which is a warning';
	unlink $store;
	row 'the store is missing', 111, 19, temporary('store', "$store: No such file or directory \\(as uid $checkpw\\)");
	symlink '/etc/shadow', $store or die "symlink: $!";
	row 'the store is a link to a file the checker may not read', 111, 19,
	  temporary('store', "$store: Permission denied \\(as uid $checkpw\\)");
	unlink $store;
	usual_store();
}

# ---- the log -------------------------------------------------------------------------------------

{
	put($conf, "deadline = 1\n", 0, 0, 0644);
	my $start = time;
	row 'the deadline', 111, 19, temporary('deadline', 'not done within the deadline'), message => '', child => sub {
		pipe my $read, my $write or die "pipe: $!";
		POSIX::dup2(fileno $read, 3);
		POSIX::dup2(fileno $write, 40);
	};
	cmp_ok time - $start, '<', 3, '... is kept';
	unlink $conf;

	# A syslogd that hangs.
	socket my $sender, AF_UNIX, SOCK_DGRAM, 0 or die "socket: $!";
	fcntl $sender, F_SETFL, O_NONBLOCK;
	connect $sender, pack_sockaddr_un('/dev/log') or die "connect: $!";
	1 while defined send $sender, 'x', 0;
	$start = time;
	is run(message => "joe\0$wrong\0\0")->{outcome}, 1, 'a syslogd that hangs changes no verdict';
	cmp_ok time - $start, '<', 3.5, '... and does not hold it up for long';
	close $log;
	is run()->{outcome}, '0 ran', 'nor does a dead one';
	unlink '/dev/log';
	is run()->{outcome}, '0 ran', 'nor a missing one';
	open_log();
}

# ---- CVE-2013-6171 and cores: a checker that waits ----------------------------------------------

# Starts a program as `mail` with an empty pipe on descriptor 3 and waits until it sleeps in it.
# Returns its id and the pipe.
sub waiting {
	my (@program) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		chdir "$dir/cores";
		open STDOUT, '>', '/dev/null';
		POSIX::dup2(fileno $read, 3);
		POSIX::close(fileno $write);
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CONF => "$dir/own.conf", SECRET => $password);
		exec 'prlimit', '--core=unlimited', @as_mail, @program;
	}
	my $end = time + 5;
	for (;;) {
		my ($program) = $program[0] =~ m{([^/]+)\z};
		my $status = read_file("/proc/$pid/status");
		last if $status =~ /^Name:\t\Q$program\E\n/ && $status =~ /^State:\tS/m;
		die "$program[0] does not wait: $status\n" if time > $end;
		sleep 0.01;
	}
	return ($pid, $write);
}

# In a process of the same user: which ways into another process are open.
sub spy {
	my ($victim) = @_;
	my %ptrace = (x86_64 => 101, aarch64 => 117, riscv64 => 117, i686 => 26, i386 => 26);
	my ($machine) = $Config{archname} =~ /^([^-]+)/;
	my $code = <<'PERL';
my ($victim, $ptrace) = @ARGV;
for my $name (qw(environ maps mem)) { print "$name " if open my $file, '<', "/proc/$victim/$name" }
print 'fd ' if opendir my $directory, "/proc/$victim/fd";
print 'cwd ' if readlink "/proc/$victim/cwd";
# PTRACE_ATTACH
print 'ptrace ' if $ptrace && syscall($ptrace, 16, $victim + 0, 0, 0) == 0;
print 'end';
PERL
	return attempt(before => \@as_mail, program => [], message => '',
	  subprogram => [ $^X, '-e', $code, $victim, $ptrace{$machine} // 0 ])->{stdout};
}

for my $case ([ 'set-uid and set-gid', $both ], [ 'without a set-id bit', copy('waiter', $mail, 0, 0755) ]) {
	my ($name, $program) = @$case;
	put($store, "joe:$password\n", $program eq $both ? $checkpw : $mail, 0, 0400);
	my ($pid, $write) = waiting($program, '/bin/true');
	is spy($pid), 'end', "CVE-2013-6171: $name, the same user cannot look into it";
	like read_file("/proc/$pid/status"), qr/^Uid:(?:\t$mail){4}\nGid:(?:\t$mail){4}\n/m, '... its own ids are given up, the saved ones too';
	like read_file("/proc/$pid/limits"), qr/^Max core file size +0 /m, '... its core limit is 0';
	for my $signal ('SEGV', 'QUIT') {
		($pid, $write) = waiting($program, '/bin/true') if $signal ne 'SEGV';
		# It may stand still, if the attempt to trace it succeeded.
		kill $_ => $pid for $signal, 'CONT';
		waitpid $pid, 0;
		is $? & 128, 0, "... no core on SIG$signal";
	}
	is_deeply [ glob "$dir/cores/*" ], [], '... nor a file';
}
{
	my ($pid, $write) = waiting('/bin/sleep', '100');
	like spy($pid), qr/^environ maps mem fd cwd (?:ptrace )?end$/, 'that test sees into another program';
	kill KILL => $pid;
	waitpid $pid, 0;
}

done_testing;
