# What `dovecot = yes` leaves in the environment for checkpassword-reply. The real one is asked in
# tests/clients/dovecot.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $scram = '{SCRAM-SHA-256}4096,jz4GgxYMxLHjtBUzxEgbRg==,mZqMVSG3ohSUcnZ42CQbZ9M5zZvSEMyPEfVJXMHqRIw=,' .
  'kiQ0mzYpNgSL4s5pSUXMKZkKnMgGgXhmcFDs1wyMaPU=';
my $context = '{CRAM-MD5}' . cram_context('secret');
my $hash = '$6$rounds=1000$abcdefgh$' . 'x' x 86;
my $store = <<"EOT";
joe:secret
plain:{PLAIN.HEX}736563726574
context:$context
scram:$scram
digest:{DIGEST-MD5}0123456789abcdef0123456789abcdef
hashed:$hash
locked:!secret
damaged:{SSHA}x
EOT

# What is at issue of the environment that the subprogram gets.
sub answer {
	my ($login, $second, $config, %env) = @_;
	my $got = attempt(store => $store, message => "$login\0$second\0\0", config => $config,
		env => { ORIG_UID => $>, USER => 'stranger', HOME => '/stranger', EXTRA => 'stranger', %env });
	my %found = map { $_ => $got->{env}{$_} } grep { exists $got->{env}{$_} } qw(USER HOME EXTRA AUTHORIZED password userdb_uid userdb_gid);
	return { exit => $got->{exit}, log => "$got->{line}{outcome} $got->{line}{mech} $got->{line}{reason}", %found };
}

my $plain = "dovecot = yes\n";
my $both = "dovecot = yes\ndovecot-credentials = yes\n";
my %lookup = (AUTHORIZED => 1);
my %credentials = (%lookup, CREDENTIALS_LOOKUP => 1);

is_deeply answer('joe', 'secret', ''),
  { exit => 0, log => 'auth-ok plain ok', USER => 'stranger', HOME => '/stranger', EXTRA => 'stranger' },
  'without dovecot nothing is touched';
is_deeply answer('joe', 'secret', $both), { exit => 0, log => 'auth-ok plain ok', USER => 'joe', EXTRA => '' },
  'a right password: the login, no home, no secret';
is_deeply answer('joe', 'secret', $both, %credentials)->{password}, undef, '... whatever the environment asks for';
is_deeply answer('joe', 'wrong', $both, %credentials), { exit => 1, log => 'auth-fail plain mismatch' },
  'a wrong password in what the environment calls a lookup';
is_deeply answer('', '', $both, %credentials), { exit => 1, log => 'auth-fail - empty' }, 'an empty login';
my %found = (exit => 0, log => 'auth-ok lookup ok', AUTHORIZED => 2, EXTRA => '');
is_deeply answer($_, '', $both, %lookup), { %found, USER => $_ }, "lookup of $_: found, without a secret" for qw(joe hashed locked damaged);
is_deeply answer('nobody', '', $both, %lookup), { exit => 3, log => 'auth-fail lookup mismatch' }, 'lookup of nobody: unknown';
is_deeply answer('nobody', '', $both, %credentials), { exit => 3, log => 'auth-fail lookup mismatch' }, '... with its secret: unknown';
is_deeply answer('joe', '', $plain, %credentials), { %found, USER => 'joe' }, 'dovecot-credentials is off: found, without a secret';
my %secret = (joe => '{PLAIN}secret', plain => '{PLAIN.HEX}736563726574', context => $context, scram => $scram,
	digest => '{DIGEST-MD5}0123456789abcdef0123456789abcdef');
for my $login (sort keys %secret) {
	is_deeply answer($login, '', $both, %credentials), { %found, USER => $login, EXTRA => 'password', password => $secret{$login} },
	  "$login: the secret as it is stored";
}
is_deeply answer($_, '', $both, %credentials), { %found, USER => $_ }, "$_: found, and no secret leaves" for qw(hashed locked damaged);
is_deeply answer('joe', '', $both, AUTHORIZED => 2, CREDENTIALS_LOOKUP => 1), { exit => 1, log => 'auth-fail - empty' },
  'AUTHORIZED=2 from outside is no lookup';
is_deeply answer('joe', '', $both, CREDENTIALS_LOOKUP => 1), { exit => 1, log => 'auth-fail - empty' }, 'CREDENTIALS_LOOKUP alone is none';
is_deeply answer('joe', '', "dovecot-credentials = yes\n", %credentials), { exit => 1, log => 'auth-fail - empty' },
  'dovecot-credentials alone is none';

# The longest secret that a line holds reaches Dovecot whole.
my $long = 's' x (4096 - length "joe:");
$store = "joe:$long\n";
is answer('joe', '', $both, %credentials)->{password}, "{PLAIN}$long", 'a secret of ' . length($long) . ' bytes is whole';

my $log = attempt(store => "joe:Kennwort-1\n", message => "joe\0\0\0", config => $both, env => \%credentials)->{log};
unlike $log, qr/Kennwort/, 'the secret is not in the log';
$log = attempt(store => "joe:Kennwort-1\n", message => "joe\0\0\0", config => $both, env => \%credentials, subprogram => ['/nowhere/reply']);
is "$log->{exit} $log->{log}" =~ s/\[\d+\]//gr, "111 cmd5checkpw: auth-ok service=- ip=- mech=lookup reason=ok user=\"joe\"\n" .
  "cmd5checkpw: auth-temp service=- ip=- mech=lookup reason=exec user=\"joe\" detail=\"/nowhere/reply: No such file or directory\"\n",
  'checkpassword-reply cannot be run: 111';
done_testing;
