# checkpw-mysql and a cluster of three nodes: logins go on while one crashes and comes back, and while one is
# cut off.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use MariaDB;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use constant { LOGINS => 2000, PARALLEL => 8, USERS => 50 };

my ($provider) = grep { -e } glob '/usr/lib/galera/libgalera_smm.so /usr/lib*/galera-4/libgalera_smm.so';
need_mariadb($provider // '/usr/lib/galera/libgalera_smm.so', '/usr/bin/rsync');
$SIG{ALRM} = sub { die "a node or a checker did not end\n" };
alarm 900;

my $tester = $$;
my $dir = scratch();
my $checker = checker('checkpw-mysql');
my $secret = 'db-secret-5518';

# ---- the cluster ---------------------------------------------------------------------------------

my @ports = map { free_port() } 1 .. 3;
my $members = join ',', map { "127.0.0.1:$_" } @ports;
my @nodes = map {
	my ($base, $state, $transfer) = ($ports[$_], free_port(), free_port());
	MariaDB->idle("node$_", '--wsrep-on=ON', "--wsrep-provider=$provider", "--wsrep-cluster-address=gcomm://$members", '--wsrep-cluster-name=test',
		"--wsrep-node-name=node$_", "--wsrep-node-address=127.0.0.1:$base", "--wsrep-sst-receive-address=127.0.0.1:$state", '--wsrep-sst-method=rsync',
		"--wsrep-provider-options=base_port=$base;gmcast.listen_addr=tcp://127.0.0.1:$base;ist.recv_addr=127.0.0.1:$transfer;gcache.size=16M"
		  . ';evs.suspect_timeout=PT4S;evs.inactive_timeout=PT8S;evs.keepalive_period=PT0.5S',
		'--binlog-format=ROW', '--innodb-autoinc-lock-mode=2', '--innodb-log-file-size=8M', '--skip-general-log')
} 0 .. 2;

sub state_of {
	my ($node) = @_;
	my $text = eval { $node->sql("SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_local_state_comment')") } // '';
	return join ' ', $text =~ /\t(.*)/g;
}
sub wait_state {
	my ($node, $wanted, $seconds) = @_;
	my $end = time + ($seconds // 90);
	sleep 0.2 until state_of($node) =~ $wanted || time > $end;
	my $is_met = like state_of($node), $wanted, 'the cluster is ' . ($wanted =~ s/^\(\?\^:(.*)\)$/$1/r);
	return $is_met || diag map { ("$_->{port}:\n", (read_file("$_->{dir}/log") // '') =~ /(.{0,2000})\z/s) } @nodes;
}

$nodes[0]->start('--wsrep-new-cluster');
$nodes[0]->sql(join ';', 'CREATE DATABASE mail', 'USE mail', 'CREATE TABLE users (login VARCHAR(99) PRIMARY KEY, password VARCHAR(99))',
	"CREATE USER mail IDENTIFIED BY '$secret'", 'GRANT SELECT ON mail.* TO mail', 'INSERT INTO users VALUES '
	  . join(', ', map { "('user$_', 'password-$_')" } 1 .. USERS));
for my $n (1, 2) {
	$nodes[$n]->launch;
	wait_state($nodes[$n], qr/^Synced @{[ $n + 1 ]}$/);
}

my $config = write_file("$dir/conf", "log = stderr\nservers = " . join(' ', map { "127.0.0.1:$_->{port}" } @nodes)
	  . "\norder = random\nconnect-timeout = 2\nquery-timeout = 2\nuser = mail\npassword = $secret\ndatabase = mail\n"
	  . "query = SELECT login, password FROM users WHERE login = :login\n");

# ---- the logins ----------------------------------------------------------------------------------

# One login; returns the exit code of the checker.
sub login {
	my ($message, $log) = @_;
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $message;
	close $write;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDERR, '>>', $log;
		POSIX::dup2(fileno $read, 3) if fileno $read != 3;
		$^F = 3;
		open my $three, '<&=', 3;
		fcntl $three, Fcntl::F_SETFD(), 0;
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CONF => $config);
		exec $checker, '/bin/true' or POSIX::_exit(96);
	}
	waitpid $pid, 0;
	return $? & 127 ? "signal $?" : $? >> 8;
}

# Logins of one client, a third of them with a wrong password and a few of nobody, until there are enough and
# `enough` exists. Each line of the answer is what should be, and what was.
sub client {
	my ($number, $enough) = @_;
	open my $answers, '>', "$dir/answers.$number" or die "answers: $!";
	my $answered = 0;
	for (my $i = 0; $answered < LOGINS / PARALLEL || !-e $enough; $i++) {
		POSIX::_exit(1) if getppid != $tester;
		my $user = 1 + ($i * PARALLEL + $number) % USERS;
		my ($login, $password, $wanted) = $i % 11 == 10 ? ("nobody$user", "password-$user", 1)
		  : $i % 3 == 2 ? ("user$user", "password-$user$i", 1) : ("user$user", "password-$user", 0);
		my $code = login("$login\0$password\0\0", "$dir/log.$number");
		print {$answers} "$wanted $code\n";
		$answered++ if $code ne '111';
	}
	close $answers;
	return;
}

# At least LOGINS of them, PARALLEL at a time, while `meanwhile` does its work: what was wrong, by kind.
sub logins {
	my ($name, $meanwhile) = @_;
	my $enough = "$dir/enough";
	unlink $enough, glob "$dir/log.*";
	my @clients;
	for my $number (1 .. PARALLEL) {
		my $pid = fork // die "fork: $!";
		if ($pid == 0) {
			client($number, $enough);
			POSIX::_exit(0);
		}
		push @clients, $pid;
	}
	my $start = time;
	$meanwhile->();
	write_file($enough, '');
	waitpid $_, 0 for @clients;
	my %count;
	$count{$_}++ for map { split /\n/, read_file("$dir/answers.$_") // 'none' } 1 .. PARALLEL;
	my $log = join '', map { read_file("$dir/log.$_") // '' } 1 .. PARALLEL;
	my ($right, $wrong) = (delete $count{'0 0'}, delete $count{'1 1'});
	# On a slow machine the cluster may lose its majority for a moment: only then nobody answers.
	my $none = grep { my $line = $_; /auth-temp/ && !grep { index($line, "127.0.0.1:$_->{port}: ") < 0 } @nodes } split /^/, $log;
	my $temporary = (delete($count{'0 111'}) // 0) + (delete($count{'1 111'}) // 0);
	$count{'111 though a node was not asked'} = $temporary - $none if $temporary != $none;
	is_deeply \%count, {}, "$name: no login was answered wrongly" or diag explain(\%count), grep { /auth-temp/ } split /^/, $log;
	cmp_ok $right + $wrong, '>=', LOGINS, "... of $right right and $wrong wrong ones" . sprintf ' in %.0f s', time - $start;
	return $log;
}

my $log = logins('a node is killed and comes back', sub {
	sleep 1;
	$nodes[0]->stop('KILL');
	wait_state($nodes[1], qr/^Synced 2$/);
	$nodes[0]->launch;
	wait_state($nodes[0], qr/^Synced 3$/);
});
like $log, qr/warning detail="127\.0\.0\.1:$nodes[0]{port}: /, '... its failure was met';

# One still runs and answers, but belongs to no majority; then one neither answers nor refuses.
$log = logins('nodes are cut off', sub {
	sleep 1;
	$nodes[1]->sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'");
	wait_state($nodes[2], qr/^Synced 2$/);
	sleep 1;
	$nodes[1]->sql("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'");
	wait_state($nodes[1], qr/^Synced 3$/);
	$nodes[2]->freeze;
	wait_state($nodes[0], qr/^Synced 2$/);
	$nodes[2]->thaw;
	wait_state($nodes[2], qr/^Synced 3$/);
});
like $log, qr/warning detail="127\.0\.0\.1:$nodes[1]{port}: WSREP has not yet prepared node for application use \(1047\)/, '... error 1047 was met';
like $log, qr/warning detail="127\.0\.0\.1:$nodes[2]{port}: silent for 2 s/, '... and silence';

$_->stop('KILL') for @nodes;
is login("user1\0password-1\0\0", "$dir/log.1"), 111, 'all nodes are away: 111';

done_testing;
