# The run scripts: with the assignments at their top set to this test's paths and ports they start
# real servers under tcpserver and softlimit, in which a right password is accepted and a wrong one
# is not, and they do not start an open relay.
#
# Debian has no qmail: `qmail` beside this file takes the arguments of its programs.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use File::Copy ();
use IO::Socket::INET;
use MIME::Base64;
use Namespace;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs root, to run servers' if $> != 0;
$ENV{PATH} = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
for my $tool (qw(tcpserver softlimit tcprules tcprulescheck setpriv)) {
	plan skip_all => "$tool is not installed" if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
plan skip_all => 'a sanitized build does not work set-uid' if read_file(checker()) =~ /__asan_init/;
own_namespace();
$SIG{ALRM} = sub { die "a server does not answer\n" };
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
$SIG{PIPE} = 'IGNORE';
alarm 240;

my ($checkpw, $qmaild) = (61_101, 61_102);
my $contrib = "$FindBin::Bin/../../contrib/run";
my $dir = scratch();
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc bin home);
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
mkdir '/etc/checkpw';
unlink '/etc/nologin';

sub put {
	my ($path, $text, $owner, $mode) = @_;
	write_file($path, $text);
	chown $owner, $owner, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

sub append { my ($path, $text) = @_; put($path, read_file($path) . $text, 0, $path eq '/etc/shadow' ? 0600 : 0644) }

append('/etc/passwd', "qmaild:x:$qmaild:${qmaild}::/:/bin/sh\nmailjoe:x:61103:61103::$dir/home:/bin/sh\n");
append('/etc/group', "qmaild:x:$qmaild:\nmailjoe:x:61103:\n");
append('/etc/shadow', 'mailjoe:' . crypt('Kennwort-1', '$6$rounds=1000$abcdefgh$') . ":20000::::::\n");
put('/etc/poppasswd', "joe:Kennwort-1\n", $checkpw, 0400);
put("$dir/bin/cmd5checkpw", read_file(checker()), $checkpw, 04711);
put("$dir/bin/checkpw-passwd", read_file(checker('checkpw-passwd')), 0, 0755);
put("$dir/bin/$_", read_file("$FindBin::Bin/qmail"), 0, 0755) for qw(qmail-smtpd qmail-smtpd-0.31 qmail-popup);
put("$dir/bin/pop3d", "#!/bin/sh\nid -u\nexec cat >/dev/null\n", 0, 0755);

# A dynamic build does not start under the how-to's limit.
my %limit = system("softlimit -m 7340032 $dir/bin/cmd5checkpw 2>/dev/null 3<&-") >> 8 == 2 ? () : (limit => 100_000_000);

my @running;

sub free_port {
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "socket: $!";
	return $socket->sockport;
}

# The script with other assignments, started; returns its pid.
sub start {
	my ($script, %set) = @_;
	my $text = read_file("$contrib/$script") // die "$script: $!";
	for my $variable (sort keys %set) {
		$text =~ s/^#?\Q$variable\E=.*/$variable=$set{$variable}/m or die "$script sets no $variable";
	}
	# How long it stays down does not matter here.
	$text =~ s/sleep 60/sleep 0/;
	put("$dir/run", $text, 0, 0755);
	my $pid = fork // die "fork: $!";
	if (!$pid) {
		setpgrp;
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/log";
		{ exec "$dir/run" }
		POSIX::_exit(99);
	}
	push @running, $pid;
	return $pid;
}

sub stop_all {
	for my $pid (splice @running) {
		kill TERM => -$pid;
		waitpid $pid, 0;
	}
}

END {
	my $status = $?;
	stop_all();
	$? = $status;
}

# The replies to lines, the greeting first; 'down' where the server ended instead.
sub dialogue {
	my ($port, $pid, @lines) = @_;
	my $socket;
	while (!$socket) {
		return ('down') if waitpid($pid, POSIX::WNOHANG()) == $pid;
		$socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or sleep 0.1;
	}
	my @replies = (reply($socket));
	for my $line (@lines) {
		print {$socket} "$line\r\n";
		push @replies, reply($socket);
	}
	return @replies;
}

sub reply {
	my ($socket) = @_;
	while (defined(my $line = <$socket>)) {
		$line =~ s/\r?\n\z//;
		return $line if $line !~ /^\d\d\d-/;
	}
	return 'closed';
}

sub plain { my ($password) = @_; return 'AUTH PLAIN ' . encode_base64("\0joe\0$password", '') }

# ---- tcp.smtp ------------------------------------------------------------------------------------

must('sh', '-c', "tcprules $dir/rules.cdb $dir/rules.tmp <'$contrib/tcp.smtp'");
my %rule = ('127.0.0.1' => 'relays', '192.0.2.25' => 'relays', '192.168.2.9' => 'relays', '192.0.2.26' => 'may connect',
	'198.51.100.7' => 'is refused', '203.0.113.9' => 'may connect', '192.168.20.1' => 'may connect');
for my $address (sort keys %rule) {
	my $said = `TCPREMOTEIP=$address tcprulescheck $dir/rules.cdb 2>&1`;
	my $found = $said =~ /deny connection/ ? 'is refused' : $said =~ /RELAYCLIENT/ ? 'relays' : $said =~ /allow connection/ ? 'may connect' : $said;
	is $found, $rule{$address}, "tcp.smtp: $address $rule{$address}";
}

# ---- qmail-smtpd ---------------------------------------------------------------------------------

my %smtpd = (checker => "$dir/bin/cmd5checkpw", rules => "$dir/rules.cdb", address => '127.0.0.1', %limit);
my @cases = (
	# server, host name, and what becomes of a right and of a wrong password
	[ 'qmail-smtpd',      undef,              '235', '535' ],
	[ 'qmail-smtpd',      'mail.example.org', '535', '535' ],
	[ 'qmail-smtpd-0.31', 'mail.example.org', '235', '535' ],
	[ 'qmail-smtpd-0.31', undef,              'down', 'down' ],
);
for my $case (@cases) {
	my ($server, $hostname, $right, $wrong) = @$case;
	my $port = free_port();
	my $pid = start('qmail-smtpd', %smtpd, smtpd => "$dir/bin/$server", port => $port, defined $hostname ? (hostname => $hostname) : ());
	my $name = $server . (defined $hostname ? ', host name' : ', no host name');
	my @replies = dialogue($port, $pid, 'EHLO x', plain('Kennwort-1'), plain('wrong'), 'RELAY');
	if ($right eq 'down') {
		is "@replies", 'down', "$name: it is not started";
		like read_file("$dir/log"), qr/^OPEN RELAY: /, '... and the log says why';
	} else {
		is substr($replies[2], 0, 3), $right, "$name: a right password";
		is substr($replies[3], 0, 3), $wrong, '... a wrong one';
		is $replies[4], '250 relays', '... the rules of tcp.smtp count';
		unlike read_file("$dir/log"), qr/OPEN RELAY/, '... it is no open relay';
	}
	stop_all();
}
{
	my $port = free_port();
	my $pid = start('qmail-smtpd', %smtpd, smtpd => "$dir/bin/qmail-smtpd", checker => '/bin/true', port => $port);
	is join(' ', dialogue($port, $pid)), 'down', 'a checker that accepts everybody: it is not started';
	like read_file("$dir/log"), qr/^OPEN RELAY: /, '... and the log says why';
	stop_all();
}

# ---- qmail-popup ---------------------------------------------------------------------------------

{
	my $port = free_port();
	my $pid = start('qmail-popup', popup => "$dir/bin/qmail-popup", pop3d => "$dir/bin/pop3d", checker => "$dir/bin/checkpw-passwd",
		address => '127.0.0.1', port => $port, %limit);
	is((dialogue($port, $pid, 'USER mailjoe', 'PASS Kennwort-1'))[2], '61103', 'qmail-popup: a right password, and the account is become');
	is((dialogue($port, $pid, 'USER mailjoe', 'PASS wrong'))[2], '-ERR authorization failed', '... a wrong one');
	stop_all();
}

# ---- qpsmtpd -------------------------------------------------------------------------------------

SKIP: {
	skip 'qpsmtpd is not installed', 3 if !-x '/usr/bin/qpsmtpd-forkserver';
	mkdir "$dir/qpsmtpd" or die "mkdir: $!";
	my ($line) = read_file("$contrib/qpsmtpd") =~ m{^#   (auth/auth_checkpassword .*)$}m;
	ok $line, 'qpsmtpd: the line for the plugin';
	$line =~ s{/usr/local/bin}{$dir/bin};
	put("$dir/qpsmtpd/plugins", "$line\n", 0, 0644);
	put("$dir/qpsmtpd/plugin_dirs", "/usr/share/qpsmtpd/plugins\n", 0, 0644);
	put("$dir/qpsmtpd/me", "mail.example.org\n", 0, 0644);
	mkdir "$dir/spool";
	chown $qmaild, $qmaild, "$dir/spool";
	chmod 0700, "$dir/spool";
	put("$dir/qpsmtpd/spool_dir", "$dir/spool\n", 0, 0644);
	my $port = free_port();
	my %qpsmtpd = (config => "$dir/qpsmtpd", checker => "$dir/bin/cmd5checkpw", user => 'qmaild', address => '127.0.0.1', port => $port);
	my $pid = start('qpsmtpd', %qpsmtpd);
	my @replies = dialogue($port, $pid, 'EHLO x', plain('Kennwort-1'), 'QUIT');
	is substr($replies[2], 0, 3), '235', '... a right password' or diag "@replies", read_file("$dir/log");
	@replies = dialogue($port, $pid, 'EHLO x', plain('wrong'), 'QUIT');
	is substr($replies[2], 0, 3), '535', '... a wrong one' or diag "@replies";
	stop_all();
	$pid = start('qpsmtpd', %qpsmtpd, checker => '/bin/true');
	is join(' ', dialogue($port, $pid)), 'down', '... a checker that accepts everybody: it is not started';
	stop_all();
}

# ---- Dovecot -------------------------------------------------------------------------------------

SKIP: {
	skip 'Dovecot is not installed', 1 if !-x '/usr/sbin/dovecot';
	append('/etc/passwd', "checkpw:x:$checkpw:61101::/:/bin/sh\nvmail:x:61104:61104::/:/bin/sh\n");
	append('/etc/group', "checkpw:x:61101:\nvmail:x:61104:\n");
	mkdir "$dir/dovecot" or die "mkdir: $!";
	put("$dir/bin/cmd5checkpw", read_file(checker()), 0, 0755);
	put('/etc/checkpw/cmd5checkpw.conf', "log = none\ndovecot = yes\n", 0, 0644);
	my $fragment = read_file("$contrib/dovecot.conf");
	$fragment =~ s{/usr/local/bin}{$dir/bin}g;
	my $port = free_port();
	put("$dir/dovecot.conf", "base_dir = $dir/dovecot\nstate_dir = $dir/dovecot\nlog_path = $dir/dovecot.log\nprotocols = imap\n" .
		"listen = 127.0.0.1\nssl = no\nmail_location = maildir:~/Maildir\nservice imap-login {\n  inet_listener imap {\n    port = $port\n  }\n}\n" . $fragment,
		0, 0644);
	my $pid = start('dovecot', configuration => "$dir/dovecot.conf");
	my @replies = dialogue($port, $pid, 'a LOGIN joe wrong');
	like $replies[1], qr/^a NO .*Authentication failed/, 'Dovecot: a wrong password' or diag read_file("$dir/dovecot.log");
	like `doveadm -c $dir/dovecot.conf auth test joe Kennwort-1 2>&1`, qr/auth succeeded/, '... a right one';
	like `doveadm -c $dir/dovecot.conf user joe`, qr{^home\t/var/vmail/joe$}m, '... and where his mail is';
	stop_all();
}
done_testing;
