# checkpw-mysql when servers fail: each fault alone, with another server to go to, and hostile servers.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Digest::SHA 'sha256';
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use MariaDB;
use POSIX ();
use Socket;
use Test::More;
use Time::HiRes qw(sleep time);

need_mariadb();
$SIG{ALRM} = sub { die "a checker or a server did not end\n" };
alarm 600;

my $dir = scratch();
my $password = 'Kennwort-7391';
my $secret = 'db-secret-5518';
my $checker = checker('checkpw-mysql');
my $static = system("softlimit -m 7340032 $checker 2>/dev/null 3<&-") >> 8 == 2;
my ($accepted, $refused, $trouble) = ('0 ran ok', '1 mismatch', '111 store');

# A process of the test's own, with `code` in it; returns its id.
my @children;
my $tester = $$;
sub child {
	my ($code) = @_;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		eval { $code->(); 1 } or warn $@;
		POSIX::_exit(0);
	}
	push @children, $pid;
	return $pid;
}

sub end_children {
	kill KILL => map { (-$_, $_) } @children;
	waitpid $_, 0 for splice @children;
	return;
}
END { my $status = $?; end_children() if $$ == $tester; $? = $status }

# ---- the servers ---------------------------------------------------------------------------------

# Certificates: an authority, another one, and what they signed.
sub authority {
	my ($name) = @_;
	must_run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 30, '-subj', "/CN=$name", '-keyout', "$dir/$name.key",
		'-out', "$dir/$name.pem");
	return;
}
sub certificate {
	my ($name, $authority, $names, $days) = @_;
	write_file("$dir/extensions", "subjectAltName = $names\n");
	must_run('openssl', 'req', '-newkey', 'rsa:2048', '-nodes', '-subj', "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
	must_run('openssl', 'x509', '-req', '-in', "$dir/$name.csr", '-CA', "$dir/$authority.pem", '-CAkey', "$dir/$authority.key",
		'-CAcreateserial', '-days', $days // 30, '-extfile', "$dir/extensions", '-out', "$dir/$name.pem");
	chmod 0644, "$dir/$name.key";    # for the server, which is another user
	return;
}
authority($_) for 'ours', 'theirs';
certificate('good', 'ours', 'IP:127.0.0.1,DNS:localhost');
certificate('another-name', 'ours', 'DNS:db.example.org');
certificate('expired', 'ours', 'IP:127.0.0.1', -1);
certificate('client', 'ours', 'DNS:client.example.org');
chmod 0600, "$dir/client.key";
sub tls { my ($name) = @_; return ("--ssl-cert=$dir/$name.pem", "--ssl-key=$dir/$name.key", "--ssl-ca=$dir/ours.pem") }

my $first = MariaDB->new('first', '--max-connections=10', '--connect-timeout=600', tls('good'));
my $second = MariaDB->new('second');

sub lay_out {
	my ($server) = @_;
	$server->sql(join ';', 'CREATE DATABASE mail', 'USE mail', 'CREATE TABLE users (login VARCHAR(99) PRIMARY KEY, password VARCHAR(99))',
		"INSERT INTO users VALUES ('joe', '$password')", "CREATE USER mail IDENTIFIED BY '$secret'", 'GRANT SELECT ON mail.* TO mail');
	return;
}
lay_out($_) for $first, $second;
my $query = 'SELECT login, password FROM users WHERE login = :login';
sub at { my ($server) = @_; return "127.0.0.1:$server->{port}" }

# ---- one login -----------------------------------------------------------------------------------

# Keys beyond those of `attempt`: servers, password, database_user.
sub login {
	my (%given) = @_;
	$given{config} = ($given{config} // '') . 'servers = ' . ($given{servers} // at($first)) . "\n"
	  . 'user = ' . ($given{database_user} // 'mail') . "\n" . ($given{no_password} ? '' : "password = $secret\n")
	  . "database = mail\nquery = " . ($given{query} // $query) . "\n";
	my $start = time;
	my $got = attempt(program => [$checker], message => "joe\0" . ($given{password} // $password) . "\0\0", %given);
	$got->{seconds} = time - $start;
	return $got;
}

sub row {
	my ($name, $want, $detail, %given) = @_;
	my $got = login(%given);
	my $outcome = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	is_deeply [ "$outcome " . ($got->{line}{reason} // ''), $got->{stdout} ], [ $want, '' ], $name or diag $got->{log};
	like $got->{log}, $want =~ /^0/ ? qr/warning detail="$detail"/ : qr/reason=\S+ user="[^"]*" detail="$detail"/, '... what is logged' if defined $detail;
	unlike $got->{log}, qr/warning/, '... without a warning' if $want =~ /^0/ && !defined $detail;
	unlike $got->{log}, qr/\Q$password\E|\Q$secret\E/, '... without a password';
	cmp_ok $got->{seconds}, '<', $given{within} // 20, '... in time';
	return $got;
}

# A fault at a server: alone, it is 111 and said; with the second server after it, nothing is lost, whatever the
# password is, and what became of the first is a warning.
sub fault {
	my ($name, $where, $why, %given) = @_;
	$given{config} //= "connect-timeout = 1\nquery-timeout = 1\n";
	my $detail = qr/\Q$where\E: $why/;
	row "$name: alone", $trouble, $detail, %given, servers => $where;
	my $with = $given{second} // at($second);
	row "$name: the second one knows", $accepted, $detail, %given, servers => "$where $with";
	my $got = row "$name: a wrong password", $refused, undef, %given, servers => "$where, $with", password => 'Falsch-4482';
	like $got->{log}, qr/warning detail="$detail"/, '... what is logged';
	return;
}

row 'over TCP', $accepted;
row 'over the socket', $accepted, undef, servers => $first->{socket};
row 'by name', $accepted, undef, servers => "localhost:$first->{port}";

# ---- reachable or not ----------------------------------------------------------------------------

my $nobody = free_port();
fault 'nobody listens', "127.0.0.1:$nobody", qr/Can't connect to server on '127\.0\.0\.1' \(\d+\) \(200[23]\)/;
fault 'no such socket', "$dir/none.sock", qr/Can't connect to local server through socket '[^']*' \(2\) \(2002\)/;
fault 'no such host', 'none.invalid:3306', qr/Unknown server host 'none\.invalid' \(-\d+\) \(2005\)/, config => "connect-timeout = 10\n";

# A server of the test's own: `code` gets each connection.
sub stand_in {
	my ($code) = @_;
	my $socket = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die "listen: $!";
	child(sub {
		local $SIG{CHLD} = 'IGNORE';
		while (my $connection = $socket->accept) {
			next if fork;
			$code->($connection);
			POSIX::_exit(0);
		}
	});
	return '127.0.0.1:' . $socket->sockport;
}
my $silent = stand_in(sub { sleep 600 });
fault 'a port that says nothing', $silent, 'silent for 1 s while it was connected to';
my $trickle = stand_in(sub {
	my ($connection) = @_;
	$SIG{PIPE} = 'DEFAULT';
	my $greeting = greeting();
	for my $byte (split //, $greeting) {
		syswrite $connection, $byte;
		sleep 0.5;
	}
});
fault 'a port that trickles', $trickle, 'silent for 1 s while it was connected to';
fault 'silent in TLS', stand_in(sub { my ($c) = @_; syswrite $c, tls_greeting(); sleep 600 }), 'silent for 1 s while it was connected to',
  config => "connect-timeout = 1\nquery-timeout = 1\ntls = require\n", second => at($first);
fault 'a port that closes', stand_in(sub { }), qr/[^"]*\(20\d\d\)/;
my $number = 0;
for my $garbage ("SSH-2.0-OpenSSH_9.2\r\n", "\xff" x 4096, "\0" x 4096, "\x01\0\0\0\x0a", pack('V', 0xffffff) . 'x' x 70_000, pack('V', 80) . "\x0a" . 'x' x 79,
	"HTTP/1.1 400 Bad Request\r\n\r\n") {
	fault 'garbage ' . ++$number, stand_in(sub { my ($c) = @_; $SIG{PIPE} = 'DEFAULT'; syswrite $c, $garbage; shutdown $c, 1; sleep 1 }), qr/[^"]+/;
}
end_children();

# ---- what a real server does ---------------------------------------------------------------------

$first->freeze;
fault 'a frozen server', at($first), 'silent for 1 s while it was connected to';
fault 'a frozen server, its socket', $first->{socket}, 'silent for 1 s while it was connected to';
$first->thaw;
my $slow = 'SELECT login, password FROM users WHERE login = :login AND IF(@@port = ' . $first->{port} . ', SLEEP(100), 0) = 0';
fault 'a server that is slow', at($first), 'silent for 1 s', query => $slow;

# Calls `code` when the query of a login is under way at the first server.
sub during {
	my ($code) = @_;
	return child(sub {
		my $end = time + 30;
		sleep 0.02 until $first->sql('SHOW PROCESSLIST') =~ /User sleep/ || time > $end;
		$code->();
	});
}
sub recovered { my ($name) = @_; row "$name: it serves again", $accepted; return }
for my $case ([ 'frozen', 'silent for 3 s', sub { $first->freeze } ], [ 'killed', qr/Lost connection[^"]*\(2013\)/, sub { kill KILL => $first->{pid} } ],
	[ 'connection killed', qr/[^"]*\((?:2013|1317|2006|1927)\)/, sub { $first->sql('KILL ' . $1) if $first->sql('SHOW PROCESSLIST') =~ /^(\d+)\tmail/m } ]) {
	my ($name, $why, $code) = @{$case};
	for my $with ('', at($second)) {
		during($code);
		row "$name during the query" . ($with && ', the second one knows'), $with ? $accepted : $trouble, qr/\Q@{[ at($first) ]}\E: $why/,
		  servers => at($first) . " $with", query => $slow, config => "connect-timeout = 20\nquery-timeout = 3\n", within => 40;
		$first->thaw if $name eq 'frozen';
		if ($name eq 'killed') { $first->stop; $first->start }
		end_children();
	}
	recovered($name);
}

# Ten clients are all it takes.
{
	my @guests = map { IO::Socket::INET->new(PeerAddr => at($first)) // die "connect: $!" } 1 .. 11;
	my $end = time + 20;
	sleep 0.1 until login()->{exit} != 0 || time > $end;
	fault 'a full server', at($first), qr/Too many connections \(1040\)/;
}
{
	my $end = time + 20;
	sleep 0.1 until login()->{exit} == 0 || time > $end;
	recovered('full');
}

$first->sql("SET PASSWORD FOR mail = PASSWORD('another')");
fault 'wrong database password', at($first), qr/Access denied for user 'mail'\@'127\.0\.0\.1' \(using password: YES\) \(1045\)/;
$first->sql("SET PASSWORD FOR mail = PASSWORD('$secret')");
$first->sql('ALTER USER mail ACCOUNT LOCK');
fault 'the account is locked', at($first), qr/Access denied, this account is locked \(4151\)/;
$first->sql('ALTER USER mail ACCOUNT UNLOCK');
recovered('password');
$first->sql('REVOKE ALL ON mail.* FROM mail');
fault 'privilege revoked', at($first), qr/Access denied for user 'mail'\@'%' to database 'mail' \(1044\)/;
$first->sql('GRANT INSERT ON mail.* TO mail');
fault 'no SELECT', at($first), qr/SELECT command denied to user [^"]*\(1142\)/;
$first->sql('GRANT SELECT ON mail.* TO mail');
recovered('privileges');
$first->sql('RENAME TABLE mail.users TO mail.away');
fault 'table dropped', at($first), qr/Table 'mail\.users' doesn't exist \(1146\)/;
$first->sql('RENAME TABLE mail.away TO mail.users');
recovered('table');

# ---- a wrong password is nobody else's matter -----------------------------------------------------

{
	$second->queries;
	row 'a wrong password', $refused, undef, servers => at($first) . ' ' . at($second), password => 'Falsch-4482';
	row 'an unknown login', $refused, undef, servers => at($first) . ' ' . at($second), message => "nobody\0$password\0\0";
	row 'a bad answer', $trouble, 'column password is missing, and so is clear', servers => at($first) . ' ' . at($second), query => 'SELECT :login AS login';
	unlike $second->queries, qr/mail/, 'the second server is not asked about any of them';
	row 'order = listed', $accepted, undef, servers => at($second) . ' ' . at($first);
	like $second->queries, qr/Connect\s+mail.*Execute\s+SELECT login, password/s, '... which would show';
}
{
	my %seen;
	$_->queries for $first, $second;
	login(servers => at($first) . ' ' . at($second), config => "order = random\n") for 1 .. 40;
	my ($one, $two) = map { scalar(() = $_->queries =~ /Connect\s+mail/g) } $first, $second;
	is $one + $two, 40, 'order = random: one server is asked each time';
	# Fewer than 4 of 40: once in 46 million runs.
	cmp_ok $one < $two ? $one : $two, '>=', 4, "... now this one, now that one: $one, $two";
}

# ---- all fail ------------------------------------------------------------------------------------

{
	$silent = stand_in(sub { sleep 600 });
	$first->freeze;
	my $got = row 'all servers fail', $trouble,
	  qr/\Q127.0.0.1:$nobody\E: Can't connect [^"]*\(200[23]\); \Q$silent\E: silent for 1 s while it was connected to; \Q@{[ at($first) ]}\E: silent for 1 s while it was connected to/,
	  servers => "127.0.0.1:$nobody $silent " . at($first), config => "connect-timeout = 1\n";
	cmp_ok $got->{seconds}, '>=', 2, '... each has its time';
	row 'the deadline is over all of them', '111 deadline', 'not done within the deadline', servers => "$silent, $silent, $silent", within => 10,
	  config => "deadline = 2\nconnect-timeout = 60\n";
	$first->thaw;
	end_children();
}

# ---- the configuration ---------------------------------------------------------------------------

write_file("$dir/password", "$secret\nanother line\n");
row 'password-file', $accepted, undef, no_password => 1, config => "password-file = $dir/password\n";
row 'password and password-file', $trouble, 'checkpw-mysql.conf: password and password-file are both set', config => "password-file = $dir/password\n";
chmod 0644, "$dir/password";
row 'password-file: others can read it', $trouble, qr/\Q$dir\E\/password: mode is 0644: others may read it/, no_password => 1, config => "password-file = $dir/password\n";
row 'password-file: missing', $trouble, qr/\Q$dir\E\/none: No such file or directory[^"]*/, no_password => 1, config => "password-file = $dir/none\n";
write_file("$dir/empty", "\nsecond\n");
row 'password-file: empty', $trouble, qr/\Q$dir\E\/empty: no password in its first line/, no_password => 1, config => "password-file = $dir/empty\n";
row 'password-file: a wrong one', $trouble, qr/[^"]*Access denied[^"]*/, no_password => 1, config => 'password-file = ' . write_file("$dir/wrong", 'wrong') . "\n";
row 'no password', $trouble, qr/[^"]*Access denied for user 'mail'\@'127\.0\.0\.1' \(using password: NO\) \(1045\)/, no_password => 1;
row 'wrong user', $trouble, qr/[^"]*Access denied for user 'stranger'\@'127\.0\.0\.1' \(using password: YES\) \(1045\)/, database_user => 'stranger';
for my $mode (0644, 0604) {
	my $path = write_file("$dir/readable", "log = stderr\nuser = mail\nquery = $query\n", $mode);
	my $octal = sprintf '%04o', $mode;
	my $got = login(env => { CHECKPW_CONF => $path });
	is $got->{exit}, 111, "a configuration of mode $octal";
}
is login(env => { CHECKPW_CONF => "$dir/missing" })->{exit}, 111, 'a configuration that is missing';
for my $case ([ "servers = ;host\n", qr/checkpw-mysql\.conf: servers: \S+ is neither host, host:port, \[IPv6\]:port nor \/path/ ],
	[ "servers = a=b\n", qr/.* is neither .*/ ], [ "servers = tcp://x\n", qr/.* is neither .*/ ], [ "servers = localhost:0\n", qr/.* is neither .*/ ],
	[ "servers = ,\n", 'checkpw-mysql.conf: servers names none' ]) {
	my ($line, $why) = @{$case};
	my $path = write_file("$dir/bad", "log = stderr\nuser = mail\nquery = $query\n$line");
	my $got = login(env => { CHECKPW_CONF => $path });
	like $got->{log}, qr/reason=store user="" detail="$why"/, "what is no server: $line";
}

# ---- accounts ------------------------------------------------------------------------------------

$first->sql("CREATE USER native IDENTIFIED VIA mysql_native_password USING PASSWORD('$secret'); GRANT SELECT ON mail.* TO native");
row 'mysql_native_password', $accepted, undef, database_user => 'native';
$first->sql("INSTALL SONAME 'auth_ed25519'; CREATE USER edward IDENTIFIED VIA ed25519 USING PASSWORD('$secret'); GRANT SELECT ON mail.* TO edward");
{
	# The client's plugin comes with the library; without it the message says what to do (tests/root/mysql.t).
	row 'ed25519', $accepted, undef, database_user => 'edward';
	must_run('make', '-C', "$FindBin::Bin/../..", 'LINK=dynamic', "B=$dir/dynamic", "$dir/dynamic/bin/checkpw-mysql");
	row 'ed25519, dynamic', $accepted, undef, database_user => 'edward', program => ["$dir/dynamic/bin/checkpw-mysql"];
	row 'a dynamic build over TLS', $accepted, undef, program => ["$dir/dynamic/bin/checkpw-mysql"], config => "tls = verify\ntls-ca = $dir/ours.pem\n";
}
# caching_sha2_password is MySQL 8's, which Debian has not: something that speaks the protocol of its
# server stands in, over a socket, and says how the account was proved.
sub mysql8 {
	my ($knows) = @_;
	my $path = "$dir/mysql8.sock";
	unlink $path;
	my $socket = IO::Socket::UNIX->new(Listen => 5, Local => $path) or die "listen: $!";
	chmod 0777, $path;
	child(sub {
		my $connection = $socket->accept;
		my $nonce = 'abcdefghijklmnopqrst';
		my $number = 0;
		my $say = sub { my ($bytes) = @_; return syswrite $connection, substr(pack('V', length $bytes), 0, 3) . chr($number) . $bytes };
		my $hear = sub {
			read $connection, my $head, 4 or POSIX::_exit(1);
			$number = 1 + ord substr $head, 3;
			read $connection, my $bytes, unpack 'V', substr($head, 0, 3) . "\0";
			return $bytes;
		};
		$say->("\x0a8.0.36\0" . pack('V', 7) . substr($nonce, 0, 8) . "\0" . pack('v', 0xf7ff & ~0x820) . "\xff" . pack('v', 2) . pack('v', 0x81bf)
			  . "\x15" . "\0" x 10 . substr($nonce, 8) . "\0caching_sha2_password\0");
		my $once = sha256($secret);
		my $proof = $once ^ sha256(sha256($once) . $nonce);
		my $how = index($hear->(), "mail\0 $proof") >= 0 ? 'proof' : 'nothing';
		if (!$knows) {
			$say->("\1\4");
			$how .= $hear->() eq "$secret\0" ? ' and password' : ' and nothing';
			$say->("\0\0\0\2\0\0\0");
		} else {
			$say->("\1\3");
			$number++;
			$say->("\0\0\0\2\0\0\0");
		}
		$hear->();
		$say->("\xff" . pack('v', 1105) . "#HY000known by $how");
		$hear->();
	});
	return $path;
}
for my $case ([ 'knows the account', 1, 'proof' ], [ 'wants the password', 0, 'proof and password' ]) {
	my ($name, $knows, $how) = @{$case};
	row "caching_sha2_password: a server that $name", $trouble, qr/[^"]*mysql8\.sock: known by $how \(1105\)/, servers => mysql8($knows);
	end_children();
}

# Root's work is done by nobody.
my $me = getpwuid($> == 0 ? 65534 : $>);
$first->sql("CREATE USER '$me'\@localhost IDENTIFIED VIA unix_socket; GRANT SELECT ON mail.* TO '$me'\@localhost");
row 'unix_socket', $accepted, undef, database_user => $me, servers => $first->{socket};

# ---- TLS -----------------------------------------------------------------------------------------

my @require = (config => "tls = require\n");
my $verify = "tls = verify\ntls-ca = $dir/ours.pem\n";
row 'tls = require', $accepted, undef, @require;
row 'tls = verify', $accepted, undef, config => $verify;
row 'tls = verify, by name', $accepted, undef, config => $verify, servers => "localhost:$first->{port}";
row 'tls = verify, the socket needs none', $accepted, undef, config => $verify, servers => $first->{socket};
row 'tls = verify without tls-ca', $trouble, 'checkpw-mysql.conf: tls = verify needs tls-ca', config => "tls = verify\n";
row 'tls-cert without tls-key', $trouble, 'checkpw-mysql.conf: tls-cert and tls-key need each other', config => "tls = require\ntls-cert = $dir/client.pem\n";
row 'tls-ca that is missing', $trouble, qr/\Q$dir\E\/none.pem: No such file or directory[^"]*/, config => "tls = verify\ntls-ca = $dir/none.pem\n";
row 'tls-ca that is none', $trouble, qr/[^"]*\(2026\)/, config => "tls = verify\ntls-ca = $dir/empty\n";
{
	my $status = 'SELECT login, password FROM users WHERE login = :login AND (SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS'
	  . " WHERE VARIABLE_NAME = 'Ssl_cipher')";
	row 'it is encrypted', $accepted, undef, @require, query => "$status <> ''";
	row '... and not without tls', $accepted, undef, query => "$status = ''";
}
$first->sql("CREATE USER x509 IDENTIFIED BY '$secret' REQUIRE X509; GRANT SELECT ON mail.* TO x509");
row 'a client certificate', $accepted, undef, database_user => 'x509', config => "${verify}tls-cert = $dir/client.pem\ntls-key = $dir/client.key\n";
row 'no client certificate', $trouble, qr/[^"]*Access denied[^"]*/, database_user => 'x509', config => $verify;
chmod 0644, "$dir/client.key";
row 'tls-key: others can read it', $trouble, qr/\Q$dir\E\/client\.key: mode is 0644: others may read it/, database_user => 'x509',
  config => "${verify}tls-cert = $dir/client.pem\ntls-key = $dir/client.key\n";
my $require = "tls = require\n";
$second->stop;
$second = MariaDB->new('third', tls('good'));
lay_out($second);
row 'an unknown authority', $trouble, qr/\Q@{[ at($first) ]}\E: [^"]*\(2026\)/, config => "tls = verify\ntls-ca = $dir/theirs.pem\n";
for my $case ([ 'a certificate for another name', tls('another-name') ], [ 'an expired certificate', tls('expired') ], ['a server without TLS', '--skip-ssl']) {
	my ($name, @options) = @{$case};
	$first->stop;
	$first->{options} = [@options];
	$first->start;
	fault $name, at($first), qr/[^"]*\(2026\)/, config => $verify;
	row "$name, tls = require", $name =~ /without/ ? $trouble : $accepted, $name =~ /without/ ? qr/[^"]*\(2026\)/ : undef, @require if $name !~ /expired/;
}

done_testing;

# It offers TLS.
sub tls_greeting {
	my $bytes = "\x0a5.5.5-10.11.19-MariaDB\0" . pack('V', 7) . 'abcdefgh' . "\0" . pack('v', 0xffff & ~0x20) . "\x21" . pack('v', 2) . pack('v', 0x81bf)
	  . "\x15" . "\0" x 10 . "ijklmnopqrst\0mysql_native_password\0";
	return pack('V', length $bytes) . $bytes;
}
sub greeting { return "\x4a\0\0\0\x0a" . "5.5.5-10.11.19-MariaDB\0" . 'x' x 60 }
