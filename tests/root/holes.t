# The holes that were found in programs of this kind, each tried at every checker as it is installed: set-uid for a
# mail server's user, and by root.
#
# What is particular to one checker is in its own tests (setuid.t, accounts.t, vpasswd.t, mysql.t, chain.t); that no
# secret is left in memory in secrets.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Config;
use Installation;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = install();
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 1200;

my ($password, $wrong, $database) = ('Kennwort-7391', 'Falsch-4482', 'database-5518');
my $hash = crypt $password, '$1$abcdefgh$';
my %uid = %Installation::uid;
my $mail_groups = join ' ', @Installation::groups;
my %usual = (stored => $hash, database => $database);
my @all = installed(%usual);
my @checkers = grep { !/chain/ } @all;
my @set_uid = grep { /set-uid/ } @all;

# Whose ids the subprogram has: uid, gid, groups.
my %ids = (
	'cmd5checkpw, root' => [ 0, 0 ], 'checkpw-passwd, root' => [ $uid{joe}, $uid{joe}, $uid{joe} ], 'checkpw-passwd, set-uid root' => [ $uid{joe}, $uid{joe}, $uid{joe} ],
	'checkpw-vpasswd, root' => [ $uid{vpopmail}, $uid{vpopmail}, $uid{vpopmail} ], 'checkpw-mysql, root' => [ $uid{joe}, $uid{joe}, $uid{joe} ],
	map({ $_ => [ $uid{mail}, $uid{mail}, $mail_groups ] } 'cmd5checkpw, set-uid', 'checkpw-vpasswd, set-uid', 'checkpw-mysql, set-uid', 'checkpw-chain, the second accepts'),
);

my %printed;

# Each of the installations, with one message, in which LOGIN stands for the login. `exits` may have several.
sub rows {
	my ($name, $exits, $message, %given) = @_;
	my @got;
	for my $installation (@{ delete $given{of} // \@all }) {
		my $login = Installation::installation($installation)->{login};
		my $got = run_installed($installation, %given, message => $message =~ s/LOGIN/$login/gr);
		like $got->{outcome}, qr/^(?:$exits)$/, "$name: $installation" or diag $got->{log};
		$printed{$installation} .= $got->{stdout};
		my @lines = split /\n/, $got->{log};
		unlike $got->{log}, qr/\Q$password\E|\Q$wrong\E|\Q$database\E|\Q$hash\E/, '... no secret in the log';
		like $_, qr/^[\w-]+\[\d+\]: (?:auth-\w+ service=\S+ ip=\S+ mech=\S+ reason=\S+ user="[ -~]*"(?:\.\.\.)?(?: detail="[ -~]*"(?:\.\.\.)?)?|warning detail="[ -~]*")$/, '... a line of the log' for @lines;
		push @got, [ $installation, $got ];
	}
	return @got;
}
my $right = "LOGIN\0$password\0\0";

# ---- what the subprogram gets --------------------------------------------------------------------

my $direct = attempt(program => [], message => '')->{probe};
# With what the test itself was started with.
(my $descriptors = $direct->{descriptors}) =~ s/ 3\b//;
for (rows('accepted', '0 ran', $right)) {
	my ($installation, $got) = @{$_};
	my $probe = $got->{probe};
	my ($user, $group, $groups) = @{ $ids{$installation} };
	is_deeply [ @{$probe}{qw(uid gid)} ], [ "$user $user $user", "$group $group $group" ], "CVE-2005-0580: $installation: real, effective and saved ids";
	is $probe->{groups}, $groups, "groups left in place (cvm, vchkpw): $installation" if defined $groups;
	is_deeply [ @{$probe}{qw(CapPrm CapEff CapAmb)} ], [ ('0' x 16) x 3 ], "capabilities: $installation" if $user != 0;
	is $probe->{descriptors}, $descriptors, "descriptor 3 or that of a database left open: $installation";
	is_deeply [ @{$probe}{qw(SigIgn SigBlk)} ], [ @{$direct}{qw(SigIgn SigBlk)} ], "SIGPIPE left ignored: $installation";
	is_deeply [ map { $probe->{"limit-$_"} } 0 .. 15 ], [ map { $direct->{"limit-$_"} } 0 .. 15 ], "limits: $installation";
}
{
	my $inherited = sub { POSIX::dup2(0, 9) };
	(my $with = $descriptors) =~ s/^0 1 2/0 1 2 9/;
	is $_->[1]{probe}{descriptors}, $with, "a descriptor of the caller's is his: $_->[0]" for rows('with a descriptor', '0 ran', $right, child => $inherited);
}
for my $got (rows('RLIMIT_NPROC of 0', '0 ran|1|99|111', $right, of => \@set_uid, under => [ "$dir/tests/spawn", '-l', '6=0' ])) {
	my $probe = $got->[1]{probe} // next;
	my ($user) = @{ $ids{ $got->[0] } };
	is $probe->{uid}, "$user $user $user", '... and if it runs, the ids are right';
}
rows('exit 0 after a failed exec (vchkpw)', 111, $right, subprogram => ["$dir/none"]);

# ---- what a stranger writes ----------------------------------------------------------------------

rows('CVE-2000-0990: an unknown login', 1, "nobody\@example.org\0$wrong\0\0");
rows('CVE-2000-0583: a format string', 1, "%s%s%n%n%500d\@example.org\0$wrong\0\0");
rows('CVE-2000-0091: a login that is too long', 1, 'a' x 600 . "\0$wrong\0\0");
rows('CVE-2000-0091: a password that is too long', 1, "LOGIN\0" . "$password " x 60 . "\0\0");
rows('the second NUL is missing', 2, "LOGIN\0$password");
rows('no NUL', 2, 'LOGIN');
rows('nothing', 2, '');
rows('an empty password', 1, "LOGIN\0\0\0");
rows('log lines forged', 1, "x\ncmd5checkpw[1]: auth-ok service=smtp ip=- mech=plain reason=ok user=\"joe\"\r\n\0$wrong\0\0");
for my $injection ("' OR '1'='1", "joe' -- ", 'joe\\', "joe'/*", "\\' OR 1=1 -- ", "joe\xbf' OR 1=1 -- ", 'joe" OR ""="', "joe'; DROP TABLE users; -- ") {
	(my $shown = $injection) =~ s/[^ -~]/?/g;
	rows("SQL in the login (vpopmail, courier): $shown", 1, "$injection\0$wrong\0\0", of => [ grep { /mysql/ } @all ]);
	rows("SQL in the login: $shown, in the domain", 1, "joe\@$injection\0$wrong\0\0", of => [ grep { /mysql|chain/ } @all ]);
}
is Installation::server()->sql('SELECT COUNT(*) FROM mail.users'), "1\n", '... and the table is there';

# ---- what may be stored --------------------------------------------------------------------------

my $challenge = challenge();
my $of_empty = hmac_md5_hex($challenge, '');
for my $stored ('', '{PLAIN}', '*', '*0', '*1', '!', 'x', '$6$', '$1$', '$1$abcdefgh$', '$9$x$y') {
	installed(%usual, stored => $stored, hash => $stored, clear => '');
	rows("'$stored' is stored (crypt's NULL, *0; empty hashes): a password", '1', $right, of => \@checkers);
	rows("... an empty one", '1', "LOGIN\0\0\0", of => \@checkers);
	rows("... itself", '1', "LOGIN\0$stored\0\0", of => \@checkers);
	rows("... the answer of an empty password to a challenge (vpopmail 5.4.16)", '1', "LOGIN\0$of_empty\0$challenge\0", of => \@checkers);
}
@all = installed(%usual);

# ---- how it may be started -----------------------------------------------------------------------

# Without argv[0] nothing is started; a set-id bit must not help.
for my $case ([ 'CVE-2021-4034: no argv[0]', '2', -1 ], [ 'CVE-2023-6246: an argv[0] of 100 KB', '0 ran', 100_000 ]) {
	my ($name, $exits, $length) = @{$case};
	rows($name, $exits, $right, under => [ "$dir/tests/spawn", '-0', $length ]);
}
{
	my $other = put("$dir/other.conf", "log = none\ndovecot = yes\n", $uid{mail}, $uid{mail}, 0644);
	rows('$CHECKPW_CONF is ignored under a set-id bit', '0 ran', $right, of => [ grep { !/passwd|chain/ || /vpasswd/ } @set_uid ], env => { CHECKPW_CONF => $other });
}
{
	my $chain = Installation::installation('checkpw-chain, the second accepts')->{program}[0];
	my $got = attempt(message => "joe\0$password\0\0", env => { CHECKPW_CHAIN_CONF => "$dir/chain.conf", CHECKPW_CONF => '/none' },
		program => [ $chain, "$dir/tests/standin crash", "$dir/tests/standin exit=1", '--' ]);
	is_deeply [ @{$got}{qw(exit signal)}, $got->{probe} ], [ 111, 0, undef ], 'a crash taken for an acceptance (multicheckpw)';
}

# ---- while it waits: CVE-2013-6171, cores --------------------------------------------------------

# Starts a login without the end of its message, or, with `message`, one that hangs for another reason.
my @started;
sub begin {
	my ($installation, $message, @subprogram) = @_;
	my $one = Installation::installation($installation);
	local $^F = 63;    # 3 stays open over exec
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $message if defined $message;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		chdir "$dir/cores";
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		POSIX::dup2(fileno $read, 3);
		POSIX::close($_) for 4 .. 63;
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CONF => '/etc/checkpw/' . Installation::conf_of($installation), %{ $one->{env} // {} });
		exec 'prlimit', '--core=unlimited', @{ $one->{before} }, @{ $one->{program} }, @subprogram or POSIX::_exit(96);
	}
	push @started, $pid;
	close $read;
	if (defined $message) { close $write; undef $write }
	return ($pid, $write);
}
END { my $status = $?; kill KILL => @started; $? = $status }

sub status_of { my ($pid) = @_; return read_file("/proc/$pid/status") // '' }

# Waits until `pid` runs the program and sleeps.
sub await {
	my ($pid, $name) = @_;
	my $end = time + 30;
	until (status_of($pid) =~ /^Name:\t\Q$name\E\n/ && status_of($pid) =~ /^State:\tS/m) {
		die "$name does not wait: ", status_of($pid), "\n" if time > $end;
		sleep 0.02;
	}
	return $pid;
}

# Which ways into a process are open to another one of the user.
sub spy {
	my ($victim, $user) = @_;
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
	return attempt(before => [ 'setpriv', "--reuid=$user", "--regid=$user", '--clear-groups', '--' ], program => [], message => '',
		subprogram => [ $^X, '-e', $code, $victim, $ptrace{$machine} // 0 ])->{stdout};
}

sub is_closed {
	my ($name, $pid, $user) = @_;
	# Root may look into everything; of his the mail server's user must not.
	is spy($pid, $user || $uid{mail}), 'end', "CVE-2013-6171: $name: its own user cannot look into it";
	like read_file("/proc/$pid/limits"), qr/^Max core file size +0 /m, '... its core limit is 0';
	kill $_ => $pid for 'SEGV', 'CONT';
	return;
}

for my $installation (@all) {
	my ($pid, $write) = begin($installation, undef, '/bin/true');
	await($pid, $installation =~ /^([\w-]+)/);
	my ($user) = status_of($pid) =~ /^Uid:\t(\d+)/m;
	my @ids = status_of($pid) =~ /^[UG]id:\t(\d+)\t(\d+)\t(\d+)/mg;
	# What needs its privileges until the login is found keeps them until then.
	is_deeply \@ids, [ ($uid{mail}) x 6 ], "$installation: its privileges are given up before it reads" if $installation =~ /^(?:cmd5|checkpw-mysql|checkpw-chain).*(?:set-uid|accepts)/;
	is_closed($installation, $pid, $user);
	waitpid $pid, 0;
	is $? & 128, 0, '... no core';
}
{
	# The worker waits for a server that says nothing.
	Installation::server()->freeze;
	my ($pid) = begin('checkpw-mysql, root', "joe\0$password\0\0", '/bin/true');
	my ($worker, $end) = (undef, time + 30);
	until ($worker || time > $end) {
		($worker) = grep { status_of($_) =~ /^Name:\tcheckpw-mysql\n.*^PPid:\t$pid\n.*^Uid:\t65534\t65534\t65534\t/ms } map { /(\d+)/ } glob '/proc/[0-9]*';
		sleep 0.02;
	}
	ok $worker, 'the worker of checkpw-mysql is found' or die "no worker\n";
	await($worker, 'checkpw-mysql');
	is_closed('the worker of checkpw-mysql', $worker, 65_534);
	waitpid $pid, 0;
	Installation::server()->thaw;
}
{
	my ($pid) = begin('checkpw-chain, the second accepts', "joe\@example.org\0$password\0\0", '/bin/sleep', 60);
	my $end = time + 30;
	sleep 0.02 until time > $end || grep { status_of($_) =~ /^Name:\tsleep\n.*^PPid:\t$pid\n/ms } map { /(\d+)/ } glob '/proc/[0-9]*';
	is_closed('checkpw-chain while the subprogram runs', $pid, $uid{mail});
	waitpid $pid, 0;
	is $? & 128, 0, '... no core';
}
is_deeply [ glob "$dir/cores/core*" ], [], 'nobody left a core';
{
	my $pid = fork // die "fork: $!";
	exec 'setpriv', "--reuid=$uid{mail}", "--regid=$uid{mail}", '--clear-groups', '--', '/bin/sleep', '100' if $pid == 0;
	push @started, $pid;
	like spy(await($pid, 'sleep'), $uid{mail}), qr/^environ maps mem fd cwd (?:ptrace )?end$/, 'that test sees into another program';
	kill KILL => $pid;
	waitpid $pid, 0;
}
is $printed{$_}, '', "nothing on stdout: $_" for @all;
done_testing;
