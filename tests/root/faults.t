# Each system call fails in turn, as in tests/cli/faults.t, of the checkers that need root or a server: of
# checkpw-passwd when it becomes an account, and of checkpw-mysql with the process that talks to the server.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Faults;
use Installation;
use Test::More;

plan skip_all => 'strace is not installed' if system('strace -V >/dev/null 2>&1') != 0;
install();
plan skip_all => 'strace cannot trace here' if system('strace -qq -o /dev/null true') != 0;
# The calls of the client library are many; those of checkpw-passwd too.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm(($ENV{CHECKPW_FAULTS} // '') eq 'all' ? 6000 : 1800);

my $password = 'Kennwort-7391';
installed(stored => crypt($password, '$1$abcdefgh$'), database => 'database-secret', config => "deadline = 10\n",
	mysql => "connect-timeout = 2\nquery-timeout = 2\n");
for my $name ('checkpw-passwd, root', 'checkpw-mysql, root') {
	for my $case ([ 'right', 1, $password ], [ 'wrong', 0, 'wrong' ]) {
		my ($how, $accept, $typed) = @{$case};
		my $run = sub { return run_installed($name, @_, password => $typed) };
		fault_each_call("$name, a $how password", accept => $accept, run => $run);
		fault_each_call("$name, a $how password, the worker", accept => $accept, run => $run, child => 1) if $name =~ /mysql/;
	}
}
done_testing;
