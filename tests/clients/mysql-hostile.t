# checkpw-mysql: servers that lie, little memory, and what is left for the subprogram and after it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use IO::Socket::INET ();
use MariaDB;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

need_mariadb();
$SIG{ALRM} = sub { die "a checker or a server did not end\n" };
alarm 300;

my $dir = scratch();
my $password = 'Kennwort-7391';
my $secret = 'db-secret-5518';
my $query = 'SELECT login, password FROM users WHERE login = :login';
my $right = "joe\0$password\0\0";
my $wrong = "joe\0Falsch-4482\0\0";

# A copy of a name of its own, so that its processes are known from those of others, zombies too.
my $checker = "$dir/mysql-$$";
must_run('cp', checker('checkpw-mysql'), $checker);

sub config {
	my ($server, $more) = @_;
	return "servers = $server\nuser = mail\npassword = $secret\ndatabase = mail\n" . ($more // '') . (($more // '') =~ /^query =/m ? '' : "query = $query\n");
}

# ---- servers that lie ----------------------------------------------------------------------------

sub packet { my ($number, $bytes) = @_; return substr(pack('V', length $bytes), 0, 3) . chr($number) . $bytes }

# The first words of a server: protocol 10, every capability but TLS and compression.
sub greeting {
	my ($plugin) = @_;
	return packet(0, "\x0a5.5.5-10.11.19-MariaDB\0" . pack('V', 7) . 'abcdefgh' . "\0" . pack('v', 0xf7ff & ~0x820) . "\x21" . pack('v', 2)
		  . pack('v', 0x81bf) . "\x15" . "\0" x 10 . 'ijklmnopqrst' . "\0" . "$plugin\0");
}

my @servers;
my $tester = $$;
sub end_servers { kill KILL => map { -$_ } @servers; waitpid $_, 0 for splice @servers; return }
END { my $status = $?; end_servers() if $$ == $tester; $? = $status }

# A server that says `lines` one after the other, and keeps in a file all that it is told.
sub liar {
	my (@lines) = @_;
	my $socket = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "listen: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		setpgrp;
		$SIG{PIPE} = 'IGNORE';
		while (my $connection = $socket->accept) {
			open my $heard, '>>', "$dir/heard" or POSIX::_exit(1);
			for my $line (@lines) {
				syswrite $connection, $line;
				my $ready = '';
				vec($ready, fileno $connection, 1) = 1;
				next if !select $ready, undef, undef, 0.5;
				sysread $connection, my $said, 65_536 or last;
				syswrite $heard, $said;
			}
		}
		POSIX::_exit(0);
	}
	push @servers, $pid;
	return '127.0.0.1:' . $socket->sockport;
}

my $hidden = write_file("$dir/hidden", "a file of ours\n", 0644);
my $ok = packet(2, "\0\0\0\2\0\0\0");
my $column = sub { my ($n, $name) = @_; packet($n, join('', map { chr(length) . $_ } 'def', '', '', '', $name, '') . "\x0c\x21\0" . pack('V', 1000) . "\xfd\0\0\0\0\0") };
my %lies = (
	'asks for a file instead of an answer' => [ greeting('mysql_native_password'), $ok, packet(1, "\xfb$hidden"), packet(3, "\0\0\0\2\0\0\0") ],
	'asks for a file at once' => [ greeting('mysql_native_password'), packet(2, "\xfb$hidden"), '' ],
	'asks for the password in clear' => [ greeting('mysql_native_password'), packet(2, "\xfemysql_clear_password\0"), $ok, '' ],
	'asks for the password in clear from the beginning' => [ greeting('mysql_clear_password'), packet(2, "\xfemysql_clear_password\0"), $ok, '' ],
	'asks for a dialog' => [ greeting('mysql_native_password'), packet(2, "\xfedialog\0\4Password: "), $ok, '' ],
	'asks for a dialog from the beginning' => [ greeting('dialog'), packet(2, "\4Password: "), $ok, '' ],
	'asks for the old password' => [ greeting('mysql_native_password'), packet(2, "\xfe"), $ok, '' ],
	'asks for a plugin with a path' => [ greeting('mysql_native_password'), packet(2, "\xfe../../../../../../../$dir/evil\0x"), $ok, '' ],
	'asks for SHA-256 in clear' => [ greeting('mysql_native_password'), packet(2, "\xfesha256_password\0abcdefghijklmnopqrst\0"), packet(4, "\x01\x04"), '' ],
	'asks for SHA-256 with its key' => [ greeting('mysql_native_password'), packet(2, "\xfecaching_sha2_password\0abcdefghijklmnopqrst\0"), packet(4, "\x01\x04"), packet(6, "\x01nonsense"), '' ],
	'says yes and goes' => [ greeting('mysql_native_password'), $ok ],
	'answers with nonsense' => [ greeting('mysql_native_password'), $ok, packet(1, "\xff\xff\xff") ],
	'prepares, with 65 535 columns' => [ greeting('mysql_native_password'), $ok, packet(1, "\0\1\0\0\0\xff\xff\1\0\0\0\0") ],
	'prepares, with columns that do not come' => [ greeting('mysql_native_password'), $ok, packet(1, "\0\1\0\0\0\2\0\1\0\0\0\0") . $column->(2, '?') . packet(3, "\xfe\0\0\2\0"), '' ],
	'says how long a column is, wrongly' => [ greeting('mysql_native_password'), $ok, packet(1, "\0\1\0\0\0\2\0\1\0\0\0\0") . $column->(2, '?') . packet(3, "\xfe\0\0\2\0")
		  . $column->(4, 'login') . $column->(5, 'password') . packet(6, "\xfe\0\0\2\0") . packet(1, "\2") . $column->(2, 'login') . $column->(3, 'password')
		  . packet(4, "\xfe\0\0\2\0") . packet(5, "\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\xff") ],
);
for my $name (sort keys %lies) {
	unlink "$dir/heard";
	my $got = attempt(program => [$checker], message => $right, config => config(liar(@{ $lies{$name} }), "connect-timeout = 3\nquery-timeout = 3\n"));
	is_deeply [ @{$got}{qw(exit signal)}, $got->{line}{reason}, $got->{probe} ], [ 111, 0, 'store', undef ], "a server that $name" or diag $got->{log};
	my $heard = read_file("$dir/heard") // '';
	like $heard, qr/mail\0/, "... heard who we are" if $name !~ /from the beginning/;
	unlike $heard, qr/\Q$secret\E/, '... and not the password';
	unlike $heard, qr/a file of ours/, '... nor a file';
	unlike $heard . $got->{log}, qr/\Q$password\E/, '... nor the one that was typed';
	end_servers();
}
is_deeply [ workers() ], [], 'no worker is left';

# ---- a real server -------------------------------------------------------------------------------

must_run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', 30, '-subj', '/CN=db', '-addext', 'subjectAltName = IP:127.0.0.1',
	'-keyout', "$dir/tls.key", '-out', "$dir/tls.pem");
chmod 0644, "$dir/tls.key";
my $server = MariaDB->new('main', "--ssl-cert=$dir/tls.pem", "--ssl-key=$dir/tls.key");
$server->sql(join ';', 'CREATE DATABASE mail', 'USE mail', 'CREATE TABLE users (login VARCHAR(99) PRIMARY KEY, password VARCHAR(99))',
	"INSERT INTO users VALUES ('joe', '$password')", "CREATE USER mail IDENTIFIED BY '$secret'", 'GRANT SELECT ON mail.* TO mail');
my $tcp = "127.0.0.1:$server->{port}";
my %ways = (socket => config($server->{socket}), TCP => config($tcp), TLS => config($tcp, "tls = verify\ntls-ca = $dir/tls.pem\n"));

# The processes that run our copy of the checker: [id, parent, state].
sub workers {
	my @found;
	for my $path (glob '/proc/[0-9]*/stat') {
		my ($pid, $parent, $state) = (read_file($path) // '') =~ /^(\d+) \(mysql-$tester\) (.) (\d+)/ ? ($1, $3, $2) : next;
		my $program = readlink "/proc/$pid/exe";
		push @found, "$pid $parent $state" if !defined $program || $program eq $checker;
	}
	return @found;
}
sub none_left {
	my ($name) = @_;
	my $end = time + 10;
	sleep 0.05 while workers() && time < $end;
	is_deeply [ workers() ], [], "no worker is left: $name";
	return;
}

my $softlimit = grep({ -x "$_/softlimit" } split /:/, $ENV{PATH}) ? [ 'softlimit', '-m', 7340032 ] : undef;
my $static = $softlimit && system("softlimit -m 7340032 $checker 2>/dev/null 3<&-") >> 8 == 2;
for my $way (sort keys %ways) {
	my @run = (program => [$checker], message => $right, config => $ways{$way});
	my $got = attempt(@run);
	my $direct = attempt(@run, program => []);
	$direct->{probe}{descriptors} =~ s/ 3\b//;
	is $got->{exit}, 0, "accepted: $way" or diag $got->{log};
	is_deeply [ $got->{probe}, $got->{env} ], [ $direct->{probe}, $direct->{env} ], '... the subprogram finds nothing changed';
	my @odd = (before => [ build_dir() . '/tests/spawn', '-b', 13, '-b', 17, '-i', 17, '-l', '7=64', '-l', '9=2000000000', '-l', '2=1000000000', '-u', '027' ]);
	$got = attempt(@run, @odd);
	$direct = attempt(@run, @odd, program => []);
	$direct->{probe}{descriptors} =~ s/ 3\b//;
	is_deeply [ @{$got}{qw(exit probe env)} ], [ @{$direct}{qw(exit probe env)} ], '... an odd state neither' or diag $got->{log};
	SKIP: {
		skip 'no static program, or no softlimit', 3 if !$static;
		$got = attempt(@run, before => $softlimit);
		$direct = attempt(@run, before => $softlimit, program => []);
		$direct->{probe}{descriptors} =~ s/ 3\b//;
		is_deeply [ @{$got}{qw(exit probe)} ], [ @{$direct}{qw(exit probe)} ], '... softlimit -m 7340032' or diag $got->{log};
		is attempt(@run, before => $softlimit, message => $wrong)->{line}{reason}, 'mismatch', '... a wrong password';
		# With a hard limit too nothing can be raised: the worker must do with it.
		is attempt(@run, before => [ 'prlimit', '--as=7340032' ])->{exit}, 0, '... ulimit -v';
	}
	# wait(2) says whether there are children.
	$got = attempt(@run, subprogram => [ $^X, '-e', 'print waitpid(-1, 1), " ", $! + 0' ]);
	is $got->{stdout}, '-1 ' . POSIX::ECHILD, '... and it has no child';
}

none_left('accepted');
attempt(program => [$checker], message => $wrong, config => $ways{TCP});
none_left('refused');
attempt(program => [$checker], message => $right, config => config($tcp, "query = SELECT login FROM users WHERE login = :login\n"));
none_left('111');
my $slow = "query = SELECT login, password FROM users WHERE login = :login AND SLEEP(100) = 0\n";
is attempt(program => [$checker], message => $right, config => config($tcp, "deadline = 1\n$slow"))->{line}{reason}, 'deadline', 'the deadline';
none_left('the deadline');
is attempt(program => [$checker], message => $right, config => config($tcp, "query-timeout = 1\n$slow"))->{line}{reason}, 'store', 'a slow server';
none_left('a slow server');

# While the server is frozen: after the connection, and in after-login.
for my $signal ('KILL', 'TERM', 'INT', 'HUP', 'SEGV') {
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		attempt(program => [$checker], message => $right, config => config($tcp, $slow));
		POSIX::_exit(0);
	}
	my ($end, @both) = (time + 20);
	sleep 0.02 until @both = map { [split] } workers() and @both == 2 || time > $end;
	sleep 0.05 until $server->sql('SHOW PROCESSLIST') =~ /User sleep/ || time > $end;
	my ($parent) = grep { my $one = $_; grep { $_->[1] == $one->[0] } @both } @both;
	kill $signal => $parent->[0];
	waitpid $pid, 0;
	none_left("SIG$signal");
}
{
	my @later = (program => [$checker], message => $right, config => config($tcp, "query-timeout = 1\nafter-login = DO SLEEP(100)\n"));
	my $got = attempt(@later, subprogram => [ $^X, '-e', 'print waitpid(-1, 1)' ]);
	is_deeply [ @{$got}{qw(exit stdout)} ], [ 0, -1 ], 'after-login is slow: the subprogram has no child' or diag $got->{log};
	none_left('after-login');
}

done_testing;
