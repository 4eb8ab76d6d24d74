# Many failing logins, 16 at a time, against each checker as it is installed: each ends with 1 and has exactly one
# log line, whole; no process, no descriptor and no connection of a database is left.
#
# CHECKPW_FLOOD is their number, 200 if it is not set; those with a penalty are a tenth more.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Installation;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $count = $ENV{CHECKPW_FLOOD} // 200;
my $parallel = 16;
my $dir = install();
$SIG{ALRM} = sub { die "the logins did not end\n" };
alarm 900 + $count;

# Whose lines are in the log.
my %programs = (
	'cmd5checkpw, set-uid' => ['cmd5checkpw'], 'checkpw-passwd, root' => ['checkpw-passwd'], 'checkpw-vpasswd, root' => ['checkpw-vpasswd'],
	'checkpw-mysql, root' => ['checkpw-mysql'], 'checkpw-chain, the second accepts' => [qw(cmd5checkpw checkpw-vpasswd checkpw-chain)],
);

# A line of the log: the program, the process, the address; and nothing else in it.
my $line = qr/\A([\w-]+)\[\d+\]: auth-fail service=\w+ ip=([\d.]+) mech=[\w-]+ reason=(?:mismatch|one-way|refused) user="[\w.@-]+"(?: detail="[^"]*")?\z/;
# As flood(1) chooses it.
sub address { my ($number) = @_; return join '.', 11 + ($number >> 16), $number >> 8 & 255, $number & 255, 7 }

sub processes { return grep { (readlink("/proc/$_/exe") // '') =~ m{^\Q$dir\E/bin/} } map { /(\d+)/ } glob '/proc/[0-9]*' }

# Starts it, and reads the log from a pipe, as multilog does. Returns how the logins ended, and what was logged.
sub flood {
	my ($name, $logins, $login) = @_;
	my $one = Installation::installation($name);
	my $stdout = "$dir/cores/stdout";
	my $ends = "$dir/cores/ends";
	unlink $stdout, $ends;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $stdout;
		open STDERR, '>&', $write;
		POSIX::close($_) for 3 .. 63;
		%ENV = (PATH => '/usr/bin:/bin', CHECKPW_CONF => '/etc/checkpw/' . Installation::conf_of($name), %{ $one->{env} });
		exec @{ $one->{before} }, "$dir/tests/flood", $logins, $parallel, $login, $ends, @{ $one->{program} }, '/bin/true' or POSIX::_exit(96);
	}
	close $write;
	my @lines = <$read>;
	waitpid $pid, 0;
	die "flood: ended with $?\n" if $? != 0;
	chomp @lines;
	return (read_file($ends), -s $stdout, @lines);
}

sub status {
	my ($name) = @_;
	return (split ' ', Installation::server()->sql("SHOW GLOBAL STATUS LIKE '$name'"))[1];
}

sub withstand {
	my ($name, $logins, $prefix) = @_;
	my @lines_of = @{ $programs{$name} };
	my %before = map { $_ => status($_) } qw(Aborted_clients Aborted_connects);
	my $start = time;
	my ($ends, $said, @log) = flood($name, $logins, $prefix . Installation::installation($name)->{login});
	note sprintf '%s: %d logins, %.0f a second', $name, $logins, $logins / (time - $start);
	is $ends, "exit 1 $logins\nstrays 0\n", "$name: each is refused, and leaves no process behind";
	is $said, 0, '... with nothing on stdout';
	my @odd = grep { !/$line/ } @log;
	is @odd, 0, '... with a whole line in the log' or diag map { "$_\n" } @odd[ 0 .. ($#odd < 9 ? $#odd : 9) ];
	my %seen;
	for (@log) { $seen{"$1 $2"}++ if /$line/ }
	my @wrong = grep { ($seen{$_} // 0) != 1 } map { my $address = address($_); map { "$_ $address" } @lines_of } 0 .. $logins - 1;
	is_deeply [ scalar(@wrong), scalar(@log) ], [ 0, $logins * @lines_of ], '... one for each' or diag "@wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]";
	is_deeply [ processes() ], [], '... and no process is left';
	return if $name !~ /mysql/;
	my $end = time + 10;
	sleep 0.1 while status('Threads_connected') > 1 && time < $end;
	is status('Threads_connected'), 1, '... nor a connection of the database';
	# On a machine that is very slow the time to take leave may be over for one or the other.
	cmp_ok status($_) - $before{$_}, '<=', $logins / 100, "... $_" for sort keys %before;
	return;
}

# Hashes that cost little: it is not they who are tried.
my %stored = (stored => '{PLAIN}secret', hash => crypt('secret', 'ab'), decoy => '{PLAIN}decoy', database => 'database-secret');
installed(%stored);
withstand($_, $count, '') for sort keys %programs;
# Whoever fails from another address and with another login each time does not wait.
installed(%stored, penalty => 1);
for my $name (sort keys %programs) {
	unlink glob "$dir/penalties/*/penalty";    # the links of the chain have used theirs
	withstand($name, POSIX::ceil($count / 10), '-');
}
done_testing;
