# checkpw-mysql with a set-uid bit and as root: whose ids do what, and an environment that chooses nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use IO::Socket::INET ();
use MariaDB;
use Namespace;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs root, to make set-id programs' if $> != 0;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
own_namespace();
need_mariadb();
$SIG{ALRM} = sub { die "a checker or a server did not end\n" };
alarm 600;

# checkpw owns the checker, mail starts it, joe and jane are in the table.
my ($checkpw, $mail, $stranger, $joe, $joes_group) = (61_101, 61_102, 61_103, 61_110, 61_111);
my @groups = (61_104, 61_105);
my @as_mail = ('setpriv', "--reuid=$mail", "--regid=$mail", '--groups=' . join(',', @groups), '--');

my $dir = scratch();
my $password = 'Kennwort-7391';
my $secret = 'db-secret-5518';
my $right = "joe\0$password\0\0";
my $conf = '/etc/checkpw/checkpw-mysql.conf';

{
	# /tmp may be mounted without set-id bits.
	mkdir "$dir/$_" or die "mkdir: $!" for qw(etc build);
	mount_on("$dir/build", '-t', 'tmpfs', '-o', 'mode=0755,suid,exec', 'tmpfs');
	mkdir "$dir/build/$_" or die "mkdir: $!" for qw(bin tests home home/joe written);
	chmod 01777, "$dir/build/written";
	must('cp', '-p', build_dir() . "/tests/$_", "$dir/build/tests") for qw(probe spawn);
	must('cp', '-a', '/etc/.', "$dir/etc");
	mount_on('/etc', '--bind', "$dir/etc");
	mkdir '/etc/checkpw';
}
my $program = checker('checkpw-mysql');
$ENV{CHECKPW_BUILD} = "$dir/build";
my $out = "$dir/build/written/probe.out";

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner, $group, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}
sub copy { my ($name, $owner, $group, $mode) = @_; return put("$dir/build/bin/$name", read_file($program), $owner, $group, $mode) }
my $setuid = copy('setuid', $checkpw, $checkpw, 06755);
my $setuid_root = copy('setuid-root', 0, 0, 04755);
my $plain = copy('plain', 0, 0, 0755);

must_run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 30, '-subj', '/CN=db', '-addext', 'subjectAltName = IP:127.0.0.1, DNS:db.example.org, DNS:hosts.example.org',
	'-keyout', "$dir/tls.key", '-out', "$dir/tls.pem");
chmod 0644, "$dir/tls.key";
my $server = MariaDB->new('main', "--ssl-cert=$dir/tls.pem", "--ssl-key=$dir/tls.key", "--ssl-ca=$dir/tls.pem");
my $tcp = "127.0.0.1:$server->{port}";
$server->sql(join ';', 'CREATE DATABASE mail', 'USE mail',
	'CREATE TABLE users (login VARCHAR(99) PRIMARY KEY, password VARCHAR(99), uid INT, gid INT, home VARCHAR(99), disabled INT DEFAULT 0, expires DATETIME)',
	map({ "INSERT INTO users (login, password, uid, gid, home) VALUES ('$_->[0]', '$password', $_->[1], $_->[2], '$dir/build/home/joe')" }
		[ 'joe', $joe, $joes_group ], [ 'root', 0, $joes_group ], [ 'wheel', $joe, 0 ], [ 'low', 99, 99 ], [ 'mail', $mail, $mail ]),
	"CREATE USER mail IDENTIFIED BY '$secret'", 'GRANT SELECT ON mail.* TO mail');
chown $joe, $joes_group, "$dir/build/home/joe";

# Lays the configuration out, 0400 and checkpw's unless `owner` and `mode` say otherwise, and runs as
# `mail` unless `before` does.
sub run {
	my (%given) = @_;
	my $text = "log = stderr\nuser = mail\ndatabase = mail\n" . ($given{config} // '');
	$text .= "schema = checkpw\n" if $text !~ /^query =/m;
	$text .= "servers = $tcp\n" if $text !~ /^servers =/m;
	$text .= "password = $secret\n" if !$given{no_password};
	put($conf, $text, $given{owner} // $checkpw, $checkpw, $given{mode} // 0400);
	unlink $out;
	my $got = attempt(message => $right, before => \@as_mail, subprogram => [ "$dir/build/tests/probe", $out ], %given, config => undef,
		program => [ $given{program} // $setuid ], env => { CHECKPW_CONF => $conf, %{ $given{env} || {} } });
	for (split /\n/, read_file($out) // '') {
		/^env ([^=]*)=(.*)/ ? $got->{env}{$1} = $2 : /^([^ :\t]+):?[ \t]*(.*)/ ? $got->{probe}{$1} = $2 : 0;
	}
	return $got;
}

sub row {
	my ($name, $want, %given) = @_;
	my ($detail) = delete $given{detail};
	my $got = run(%given);
	my $outcome = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	is "$outcome " . ($got->{line}{reason} // ''), $want, $name or diag $got->{log};
	like $got->{line}{detail} // '', $detail, '... detail' if $detail;
	unlike $got->{log}, qr/\Q$password\E|\Q$secret\E/, '... without a password';
	return $got;
}
my ($accepted, $refused, $trouble) = ('0 ran ok', '1 mismatch', '111 store');

sub ids_are {
	my ($got, $uid, $gid, $groups, $name) = @_;
	is_deeply [ @{ $got->{probe} || {} }{qw(uid gid groups)} ], [ "$uid $uid $uid", "$gid $gid $gid", $groups ], "... $name";
	return;
}

# ---- set-uid checkpw -----------------------------------------------------------------------------

my $tls = "tls = verify\ntls-ca = $dir/tls.pem\n";
for my $case ([ 'TCP', '' ], [ 'the socket', "servers = $server->{socket}\n" ], [ 'TLS', $tls ]) {
	my ($way, $config) = @{$case};
	my $got = row "set-uid, $way: accepted", $accepted, config => $config, subprogram => [ "$dir/build/tests/probe", $out, $conf ];
	ids_are($got, $mail, $mail, join(' ', @groups), 'with the ids of the caller');
	like $got->{probe}{open}, qr/^\Q$conf\E Permission denied$/, '... who cannot read the configuration';
	row "set-uid, $way: refused", $refused, config => $config, message => "joe\0Falsch-4482\0\0";
}
# Where the log goes is not known yet.
row 'set-uid: a configuration that everybody can read', '111 ', mode => 0444;
row 'set-uid: a configuration of a stranger\'s', '111 ', owner => $stranger;
row 'set-uid: a configuration that only root can read', '111 ', owner => 0;
row 'set-uid: $CHECKPW_CONF is ignored', $accepted, env => { CHECKPW_CONF => put("$dir/other", "log = stderr\n", $mail, $mail, 0600) };
row 'set-uid: become = yes, no service named', $accepted, config => "become = yes\n", env => { TCPLOCALPORT => 110 };
row 'set-uid: become = yes for POP3', '111 privileges', config => "become = yes\nservice = pop3\n", detail => qr/only root can become the uid of the row/;
is row('set-uid: ... of the caller\'s own uid', $accepted, config => "become = yes\nservice = pop3\n", message => "mail\0$password\0\0")->{env}{HOME},
  "$dir/build/home/joe", '... enters the home';
{
	put("$dir/build/key", "$secret\n", $checkpw, $checkpw, 0400);
	row 'set-uid: password-file of checkpw\'s', $accepted, no_password => 1, config => "password-file = $dir/build/key\n";
	put("$dir/build/client.pem", read_file("$dir/tls.pem"), $checkpw, $checkpw, 0400);
	put("$dir/build/client.key", read_file("$dir/tls.key"), $checkpw, $checkpw, 0400);
	row 'set-uid: tls-key of checkpw\'s', $accepted, config => $tls . "tls-cert = $dir/build/client.pem\ntls-key = $dir/build/client.key\n";
}

# ---- the caller's environment --------------------------------------------------------------------

{
	my $marker = "$dir/build/written/marker";
	write_file("$dir/evil.c", <<"C");
#include <fcntl.h>
__attribute__((constructor)) static void mark(void) { open("$marker", O_CREAT | O_WRONLY, 0600); }
C
	must_run('cc', '-shared', '-fPIC', '-o', "$dir/build/evil.so", "$dir/evil.c");
	must_run($^X, '-MDynaLoader', '-e', "DynaLoader::dl_load_file('$dir/build/evil.so') or die");
	ok unlink($marker), 'the library leaves a mark where it is loaded';
	mkdir "$dir/build/home/evil";
	put("$dir/build/home/evil/.my.cnf", "[client]\nuser=evil\npassword=evil\nhost=192.0.2.1\nplugin-dir=$dir/build\ndefault-auth=evil\n", $mail, $mail, 0600);
	put("$dir/build/openssl.cnf", "openssl_conf = a\n[a]\nproviders = b\n[b]\nevil = c\n[c]\nmodule = $dir/build/evil.so\nactivate = 1\n", $mail, $mail, 0644);
	my %evil = (LIBMYSQL_PLUGINS => 'evil', MARIADB_PLUGIN_DIR => "$dir/build", MYSQL_PWD => 'evil', MYSQL_UNIX_PORT => "$dir/none", MYSQL_TCP_PORT => 1,
		MARIADB_TLS_DISABLE_PEER_VERIFICATION => 1, MYSQL_HOST => '192.0.2.1', MYSQL_HOME => "$dir/build/home/evil", MYSQL_GROUP_SUFFIX => 'x',
		HOME => "$dir/build/home/evil", OPENSSL_CONF => "$dir/build/openssl.cnf", OPENSSL_MODULES => "$dir/build", OPENSSL_ENGINES => "$dir/build",
		SSL_CERT_FILE => "$dir/none", SSL_CERT_DIR => "$dir/none", TZ => "$dir/build/openssl.cnf", LD_PRELOAD => "$dir/build/evil.so",
		LD_LIBRARY_PATH => "$dir/build", LD_AUDIT => "$dir/build/evil.so", RES_OPTIONS => 'debug', HOSTALIASES => "$dir/none", LOCALDOMAIN => 'evil',
		GCONV_PATH => "$dir/build", MALLOC_CHECK_ => 3);
	my @variables = map { ('-e', "$_=$evil{$_}") } sort keys %evil;
	for my $case ([ 'TCP', '' ], [ 'the socket', "servers = $server->{socket}\n" ], [ 'TLS', $tls ], [ 'a host', "servers = localhost:$server->{port}\n" ]) {
		my ($way, $config) = @{$case};
		row "environment, $way", $accepted, config => $config, before => [ @as_mail, "$dir/build/tests/spawn", @variables ], message => $right;
		ok !unlink($marker), '... nothing of it was loaded';
	}
	row 'environment: MYSQL_PWD is no password', $trouble, no_password => 1, env => { MYSQL_PWD => $secret }, detail => qr/using password: NO/;
	row 'environment: nor does it choose the certificates', $trouble, config => "tls = verify\ntls-ca = $dir/build/openssl.cnf\n", env => { SSL_CERT_FILE => "$dir/tls.pem" };
}
{
	my ($plugins) = glob '/usr/lib/*/libmariadb3/plugin';
	$server->sql("INSTALL SONAME 'auth_ed25519'; CREATE USER edward IDENTIFIED VIA ed25519 USING PASSWORD('$secret'); GRANT SELECT ON mail.* TO edward");
	mount_on($plugins, '-t', 'tmpfs', 'tmpfs') if $plugins;
	put("$dir/edward", "log = stderr\nuser = edward\npassword = $secret\ndatabase = mail\nschema = checkpw\nservers = $tcp\n", 0, 0, 0400);
	like attempt(program => [$plain], message => $right, env => { CHECKPW_CONF => "$dir/edward" })->{log},
	  qr/reason=store .*could not be loaded: .*: its file is missing, or a build with LINK=dynamic is needed/, 'a plugin that is missing: the log says what helps';
}

# ---- names of servers ----------------------------------------------------------------------------

# A server of the DNS on an address of the loopback that nobody else uses: it knows one name, has no
# answer to another, and says that there are no others.
my @dns;
my $tester = $$;
END { my $status = $?; if ($$ == $tester) { kill KILL => @dns; waitpid $_, 0 for @dns } $? = $status }
sub dns {
	my ($address) = @_;
	my $socket = IO::Socket::INET->new(Proto => 'udp', LocalAddr => $address, LocalPort => 53) // return;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		while (defined $socket->recv(my $asked, 512)) {
			my ($id, @name) = (substr($asked, 0, 2), unpack '(C/a)*', substr $asked, 12, index($asked, "\0", 12) - 12);
			my ($name, $question) = (join('.', @name), substr $asked, 12, index($asked, "\0", 12) - 12 + 5);
			my $is_a = substr($question, -4, 2) eq "\0\1";
			next if $name eq 'silent.example.org';
			my $known = $name eq 'db.example.org';
			my $answer = $known && $is_a ? "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" : '';
			$socket->send($id . ($known ? "\x81\x80" : "\x81\x83") . pack('n4', 1, $answer ne '', 0, 0) . $question . $answer);
		}
		POSIX::_exit(0);
	}
	push @dns, $pid;
	return $address;
}
{
	my ($names, $address) = ("tls = verify\ntls-ca = $dir/tls.pem\nconnect-timeout = 10\n", '127.77.53.1');
	must('sh', '-c', 'echo "127.0.0.1 hosts.example.org" >>/etc/hosts');
	for my $source ('files', 'files dns', 'resolve [!UNAVAIL=return] myhostname nonsense files dns') {
		must('sh', '-c', 'grep -v ^hosts: /etc/nsswitch.conf >/etc/nsswitch.new; echo "hosts: $1" >>/etc/nsswitch.new; mv /etc/nsswitch.new /etc/nsswitch.conf', 'sh', $source);
		row "a name in hosts(5), hosts: $source", $accepted, config => "servers = hosts.example.org:$server->{port}\n";
		row '... and its certificate', $accepted, config => $names . "servers = hosts.example.org:$server->{port}\n";
		row "localhost, hosts: $source", $accepted, config => "servers = localhost:$server->{port}\n";
	}
	SKIP: {
		dns($address) or skip "port 53 of $address is taken", 12;
		put('/etc/resolv.conf', "nameserver $address\noptions timeout:30\n", 0, 0, 0644);
		row 'a name of the DNS', $accepted, config => $names . "servers = db.example.org:$server->{port}\n";
		row 'a name that the DNS does not know', $trouble, config => "servers = none.example.org:$server->{port}\n",
		  detail => qr/none\.example\.org:\d+: Unknown server host 'none\.example\.org' \(-2\) \(2005\)/;
		row 'a name without an answer', $trouble, config => "connect-timeout = 1\nservers = silent.example.org:$server->{port}\n",
		  detail => qr/silent\.example\.org:\d+: silent for 1 s while it was connected to/;
		row '... the next server knows', $accepted, config => "connect-timeout = 1\nservers = silent.example.org:$server->{port} $tcp\n";
	}
}

# ---- root ----------------------------------------------------------------------------------------

my @root = (program => $plain, before => [], owner => 0);
my @become = (@root, config => "become = yes\n", env => { TCPLOCALPORT => 110 });
{
	my $got = row 'root, become = yes', $accepted, @become;
	ids_are($got, $joe, $joes_group, $joes_group, 'with the ids of the row, and no group beside');
	is_deeply [ @{ $got->{env} }{qw(HOME USER)}, $got->{probe}{cwd} ], [ "$dir/build/home/joe", 'joe', "$dir/build/home/joe" ], '... in his home';
	like join(' ', @{ $got->{probe} }{qw(CapPrm CapEff CapAmb)}), qr/^0+ 0+ 0+$/, '... without capabilities';
}
row 'root: a wrong password', $refused, @become, message => "joe\0Falsch-4482\0\0";
row 'root: SMTP changes no user', $accepted, @become, env => { TCPLOCALPORT => 25 };
row 'root: uid 0 is not become', '1 min-uid', @become, message => "root\0$password\0\0";
row 'root: gid 0 neither', '1 min-uid', @become, message => "wheel\0$password\0\0";
row 'root: nor one below min-uid', '1 min-uid', @root, config => "become = yes\nmin-uid = 100\n", env => { TCPLOCALPORT => 110 }, message => "low\0$password\0\0";
ids_are(row('root: become = no', $accepted, @root, env => { TCPLOCALPORT => 110 }), 0, 0, run(@root, program => '/usr/bin/env')->{probe}{groups}, 'no change');
ids_are(row('root: uid and gid of the configuration', $accepted, @root, env => { TCPLOCALPORT => 110 },
	config => "become = yes\nuid = $stranger\ngid = $stranger\nquery = SELECT login, password, home FROM users WHERE login = :login\n"),
	$stranger, $stranger, $stranger, 'for a row without');

# ---- set-uid root --------------------------------------------------------------------------------

my @setuid_root = (program => $setuid_root, owner => 0);
ids_are(row('set-uid root: the service of the configuration', $accepted, @setuid_root, config => "become = yes\nservice = pop3\n"),
	$joe, $joes_group, $joes_group, 'becomes the row');
for my $port (110, 143, 25) {
	ids_are(row("set-uid root: the caller's port $port chooses nothing", $accepted, @setuid_root, config => "become = yes\n", env => { TCPLOCALPORT => $port }),
		$mail, $mail, join(' ', @groups), 'the ids are the caller\'s');
}
ids_are(row('set-uid root: service = smtp', $accepted, @setuid_root, config => "become = yes\nservice = smtp\n", env => { TCPLOCALPORT => 110 }),
	$mail, $mail, join(' ', @groups), 'the ids are the caller\'s');
ids_are(row('set-uid root: become = no', $accepted, @setuid_root, config => "service = pop3\n"), $mail, $mail, join(' ', @groups), 'the ids are the caller\'s');

# ---- the worker ----------------------------------------------------------------------------------

# While the server is frozen: what the worker of a run is.
sub worker {
	my (%given) = @_;
	$server->freeze;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		run(%given, config => ($given{config} // '') . "connect-timeout = 20\n");
		POSIX::_exit(0);
	}
	my ($end, $found, $status) = (time + 15);
	while (!$found && time < $end) {
		sleep 0.02;
		for my $path (glob '/proc/[0-9]*/status') {
			my $text = read_file($path) // next;
			my ($name) = ($given{program} // $setuid) =~ m{([^/]+)\z};
			next if $text !~ /^Name:\t\Q$name\E$/m;
			my ($id, $parent) = ($path =~ /(\d+)/, $text =~ /^PPid:\t(\d+)/m);
			next if (readlink("/proc/$parent/exe") // '') !~ m{/\Q$name\E\z};
			# It waits for the server: it has done what it does before.
			next if ((readlink "/proc/$id/fd/2") // '') ne '/dev/null' || !grep { (readlink) =~ /socket/ } glob "/proc/$id/fd/*";
			($found, $status) = ($id, read_file($path));
		}
	}
	my %is = (map({ ($_ => $status && $status =~ /^$_:\s*(.*?)\s*$/m ? join ' ', split /\s+/, $1 : '') } qw(Uid Gid Groups CapPrm CapEff)),
		nothing => join(' ', map { readlink("/proc/$found/fd/$_") // '' } 0 .. 2));
	$server->thaw;
	waitpid $pid, 0;
	return \%is;
}
for my $case ([ 'root, become = yes', 65_534, 65_534, '65534', @become ], [ 'root, become = no', 65_534, 65_534, '65534', @root ],
	[ 'root, worker-uid', $stranger, $stranger, $stranger, @root, config => "worker-uid = $stranger\nworker-gid = $stranger\n" ],
	[ 'set-uid root, become = yes', 65_534, 65_534, '65534', @setuid_root, config => "become = yes\nservice = pop3\n" ],
	[ 'set-uid root, become = no', $mail, $mail, join(' ', @groups), @setuid_root ],
	[ 'set-uid checkpw', $mail, $mail, join(' ', @groups) ]) {
	my ($name, $uid, $gid, $groups, @given) = @{$case};
	my $none = '0' x 16;
	is_deeply worker(@given), { Uid => join(' ', ($uid) x 4), Gid => join(' ', ($gid) x 4), Groups => $groups, CapPrm => $none, CapEff => $none,
		nothing => '/dev/null /dev/null /dev/null' }, "the worker, $name";
}

# It is another user's than the subprogram: it can be killed by nobody, and must end all the same.
sub copies {
	return grep { (readlink("/proc/$_/exe") // '') =~ m{^\Q$dir\E/build/bin/} } map { /(\d+)/ } glob '/proc/[0-9]*';
}
sub none_left {
	my ($name) = @_;
	my $end = time + 10;
	sleep 0.05 while copies() && time < $end;
	is_deeply [ copies() ], [], "$name: no worker is left";
	return;
}
{
	my $got = run(@become, config => "become = yes\nquery-timeout = 1\nafter-login = DO SLEEP(100)\n", subprogram => [ $^X, '-e', 'print waitpid(-1, 1)' ]);
	is_deeply [ @{$got}{qw(exit stdout)} ], [ 0, -1 ], 'root, after-login is slow: the subprogram has no child' or diag $got->{log};
	like $got->{log}, qr/warning detail="after-login: silent for 1 s"/, '... what is logged';
	none_left('root, after-login is slow');
}
for my $signal ('KILL', 'TERM') {
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		run(@become, config => "become = yes\nquery-timeout = 60\nafter-login = DO SLEEP(100)\n");
		POSIX::_exit(0);
	}
	my ($end, $checker) = (time + 20);
	while (!$checker && time < $end) {
		sleep 0.05;
		next if $server->sql('SHOW PROCESSLIST') !~ /DO SLEEP/;
		($checker) = grep { (read_file("/proc/$_/status") // '') =~ /^Uid:\t$joe\t/m } copies();
	}
	ok $checker && kill($signal => $checker), "SIG$signal, while after-login is carried out";
	waitpid $pid, 0;
	none_left("SIG$signal");
}

done_testing;
