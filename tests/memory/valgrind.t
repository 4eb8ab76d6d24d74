# Each checker under valgrind: no use of what was never written, nothing beyond its bounds, no memory lost, no descriptor
# left. Of a build with LINK=dynamic: in a static program valgrind does not see the C library's own functions, and
# takes their shortcuts for errors.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Installation;
use Test::More;

plan skip_all => 'valgrind is not installed' if system('valgrind --version >/dev/null 2>&1') != 0;
my $dir = install();
plan skip_all => 'static programs: make B=build/dynamic LINK=dynamic' if qx{ldd @{[ checker() ]} 2>&1} !~ /libc\.so/;
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 1200;

my $challenge = challenge();
my $password = 'Kennwort-7391';
my $answer = hmac_md5_hex($challenge, $password);
my @valgrind = ('valgrind', '--leak-check=full', '--errors-for-leak-kinds=definite,possible', '--track-fds=yes', '--error-exitcode=99', "--log-file=$dir/cores/valgrind.%p");

# A process holds these until it ends or runs the subprogram: the store, the socket at which a chain is told of an
# acceptance, the channel between a checker and its worker.
my $held = qr/: (?:open_store|gate_open|start) \(/;

# What valgrind objects to, of each process.
sub objections {
	my @objections;
	for my $path (glob "$dir/cores/valgrind.*") {
		my $said = read_file($path);
		push @objections, $said if $said =~ /ERROR SUMMARY: [1-9]|Invalid|uninitialised|definitely lost: [1-9]|Warning: invalid file descriptor/;
		my @open = grep { !/<inherited from parent>|$held/ } $said =~ /^(==\d+== Open .*?)(?=^==\d+== *$)/msg;
		push @objections, @open;
		unlink $path;
	}
	return @objections;
}

sub row {
	my ($installation, $name, $outcome, $message) = @_;
	my $login = Installation::installation($installation)->{login};
	my $got = run_installed($installation, under => \@valgrind, message => $message =~ s/LOGIN/$login/r);
	is $got->{outcome}, $outcome, "$installation, $name" or diag $got->{log};
	my @objections = objections();
	is @objections, 0, '... nothing to object to' or diag @objections;
	return;
}

my %stored = (database => 'database-secret', config => "challenges = yes\n");
my @programs = ('checkpw-chain, the second accepts', map { "$_, root" } qw(cmd5checkpw checkpw-passwd checkpw-vpasswd checkpw-mysql));
installed(%stored, stored => crypt($password, '$1$abcdefgh$'));
for my $installation (@programs) {
	row($installation, 'a right password', '0 ran', "LOGIN\0$password\0\0");
	row($installation, 'a wrong one', 1, "LOGIN\0wrong\0\0");
	row($installation, 'a login that there is not', 1, "x$password\@example.org\0wrong\0\0");
	row($installation, 'a digest for a hash', 1, "LOGIN\0$answer\0$challenge\0");
	row($installation, 'no NUL', 2, 'LOGIN');
	row($installation, 'too long', 1, "LOGIN\0" . "\xff" x 700 . "\0\0");
	row($installation, 'as long as can be', 1, pack 'a512', "LOGIN\0" . '<@>' x 100 . "\0<" . 'x' x 100 . '@>') if $installation !~ /chain/;
}
installed(%stored, stored => "{PLAIN}$password", hash => crypt($password, 'ab'), clear => $password);
for my $installation (grep { !/passwd, root/ || /vpasswd/ } @programs) {
	row($installation, 'CRAM-MD5', '0 ran', "LOGIN\0$answer\0$challenge\0") if $installation !~ /chain/;
	row($installation, 'a wrong digest', 1, "LOGIN\0" . 'a' x 32 . "\0$challenge\0");
}
done_testing;
