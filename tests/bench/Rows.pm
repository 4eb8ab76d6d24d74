# What is measured. A row: name and text; message, [mechanism, login, password]; and what deviates
# from cmd5checkpw with five users: program (of ours, a path in the folder of the build) or peer (of
# others, found in $PATH), setup (of Stores.pm or Peers.pm) and its users, status (the exit that is
# right, 0), against (another floor), slow (fewer pairs, and no single steps), rival (the row of ours
# that a peer's is compared with).
package Rows;

use strict;
use warnings;

use Exporter 'import';
use Peers;
use Stores;

our @EXPORT = qw(@ROWS @SCALES @LOADS);

my @JOE = ('joe', 'secret');
my $MILLION = 1_000_000;

# The last of so many in a file of users, and what he sends.
sub last_of {
	my ($users) = @_;

	return map { sprintf '%s%07d', $_, $users } 'user', 'secret';
}

sub passwd { return (program => 'bin/checkpw-passwd', setup => \&system_setup, against => 'floor-dynamic') }
sub vpasswd { return (program => 'bin/checkpw-vpasswd', setup => \&vpopmail_setup) }
sub mysql { return (program => 'bin/checkpw-mysql', setup => \&mysql_setup) }
sub indexed { return (setup => \&indexed_setup, users => $MILLION) }

my @VUSER = ('joe@example.org', 'secret');

our @ROWS = (
	{ name => 'floor', text => 'floor against itself', message => [ 'plain', @JOE ],
	  program => 'bench/floor' },
	{ name => 'noop', text => 'the subprogram alone', message => [ 'plain', @JOE ],
	  program => 'bench/noop' },
	{ name => 'floor-dynamic', text => 'floor, dynamic libc', message => [ 'plain', @JOE ],
	  program => 'bench/floor-dynamic' },
	{ name => 'plain', text => 'cmd5checkpw, PLAIN', message => [ 'plain', @JOE ] },
	{ name => 'cram-new', text => '... CRAM-MD5, new order', message => [ 'new', @JOE ] },
	{ name => 'cram-old', text => '... CRAM-MD5, old order', message => [ 'old', @JOE ] },
	{ name => 'ctx-plain', text => '... {CRAM-MD5}, PLAIN', message => [ 'plain', 'ctx', 'secret' ] },
	{ name => 'ctx-cram', text => '... {CRAM-MD5}, CRAM-MD5', message => [ 'new', 'ctx', 'secret' ] },
	{ name => 'wrong', text => '... wrong password *', status => 1,
	  message => [ 'plain', 'joe', 'sesame' ] },
	{ name => 'wrong-cram', text => '... wrong CRAM-MD5 *', status => 1,
	  message => [ 'new', 'joe', 'sesame' ] },
	{ name => 'unknown', text => '... unknown login *', status => 1,
	  message => [ 'plain', 'eve', 'sesame' ] },
	{ name => 'million-first', text => '... first of 1 000 000', setup => \&poppasswd_setup,
	  users => $MILLION, message => [ 'plain', last_of(1) ] },
	{ name => 'indexed', text => '... indexed, last of 1 000 000', indexed(),
	  message => [ 'plain', last_of($MILLION) ] },
	{ name => 'indexed-unknown', text => '... indexed, unknown login *', status => 1, indexed(),
	  message => [ 'plain', 'eve', 'sesame' ] },
	{ name => 'indexed-wrong', text => '... indexed, wrong password *', status => 1, indexed(),
	  message => [ 'plain', (last_of($MILLION))[0], 'sesame' ] },
	{ name => 'vpasswd-plain', text => 'checkpw-vpasswd, PLAIN, md5crypt', vpasswd(),
	  message => [ 'plain', @VUSER ] },
	{ name => 'vpasswd', text => '... CRAM-MD5', vpasswd(), message => [ 'new', @VUSER ] },
	{ name => 'passwd', text => 'checkpw-passwd, md5crypt **', message => [ 'plain', @JOE ], passwd() },
	{ name => 'passwd-nt', text => '... the cheapest hash, NT **', message => [ 'plain', 'ntu', 'secret' ], passwd() },
	{ name => 'passwd-system', text => "... with this system's nsswitch.conf **",
	  message => [ 'plain', @JOE ], passwd(), switch => 1 },
	{ name => 'mysql-plain', text => 'checkpw-mysql, PLAIN', mysql(), message => [ 'plain', @JOE ] },
	{ name => 'mysql', text => '... CRAM-MD5', mysql(), message => [ 'new', @JOE ] },
	{ name => 'chain', text => 'checkpw-chain, the second accepts', message => [ 'plain', @JOE ],
	  program => 'bin/checkpw-chain', setup => \&chain_setup },
	{ name => 'checkpw', text => 'checkpw, PLAIN', message => [ 'plain', @JOE ],
	  peer => 'checkpw', setup => \&checkpw_setup, rival => 'plain' },
	{ name => 'checkapoppw', text => 'checkapoppw, APOP', message => [ 'apop', @JOE ],
	  peer => 'checkapoppw', setup => \&checkpw_setup, rival => 'cram-new' },
	{ name => 'cvm-pwfile', text => 'cvm-checkpassword, cvm-pwfile', message => [ 'plain', @JOE ],
	  peer => 'cvm-checkpassword', setup => \&cvm_pwfile_setup, rival => 'plain' },
	{ name => 'cvm-unix', text => '... cvm-unix, md5crypt', message => [ 'plain', @JOE ],
	  peer => 'cvm-checkpassword', setup => \&cvm_unix_setup, rival => 'passwd' },
	{ name => 'pwauth', text => 'pwauth, PAM, md5crypt ***', message => [ 'lines', @JOE ],
	  peer => 'pwauth', setup => \&pwauth_setup },
	map({ { name => $_, text => $_, message => [ 'plain', @JOE ], peer => $_, setup => \&system_setup,
		rival => 'passwd' } }
		qw(checkpassword checkpassword-pam)),
	{ name => 'vchkpw', text => 'vchkpw', message => [ 'plain', @VUSER ],
	  peer => 'vchkpw', setup => \&vpopmail_setup, rival => 'vpasswd-plain' },
);

# One login, that of the last user, among more and more.
our @SCALES = (
	{ name => 'indexed', text => 'cmd5checkpw, indexed', setup => \&indexed_setup, last => 1,
	  users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'unindexed', text => 'cmd5checkpw, all lines read', setup => \&poppasswd_setup, last => 1,
	  users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'stdio', text => 'a reader with stdio, which checks nothing', setup => \&lines_setup,
	  program => 'bench/lines', last => 1, users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'vpasswd', text => 'checkpw-vpasswd, CRAM-MD5', vpasswd(), message => [ 'new', @VUSER ],
	  users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'mysql', text => 'checkpw-mysql, PLAIN', mysql(), message => [ 'plain', @JOE ],
	  users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'passwd', text => 'checkpw-passwd, files', passwd(), message => [ 'plain', @JOE ],
	  users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'checkpw', text => 'checkpw, files', message => [ 'plain', @JOE ], peer => 'checkpw',
	  setup => \&checkpw_setup, users => [ 10, 1_000, 100_000, $MILLION ] },
	{ name => 'cvm-pwfile', text => 'cvm-checkpassword, cvm-pwfile', message => [ 'plain', @JOE ],
	  peer => 'cvm-checkpassword', setup => \&cvm_pwfile_setup,
	  users => [ 10, 1_000, 100_000, $MILLION ] },
);

for my $scale (@SCALES) {
	$scale->{rows} = [
		map { {
			%$scale, name => "scale-$scale->{name}-$_", users => $_, slow => $_ > 1_000,
			$scale->{last} ? (message => [ 'plain', last_of($_) ]) : (),
		} } @{ $scale->{users} }
	];
}

# Logins at the same time, by the names of rows.
our @LOADS = qw(floor plain cram-new indexed vpasswd passwd mysql-plain chain checkpw cvm-pwfile
  cvm-unix pwauth);

1;
