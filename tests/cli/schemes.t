# Stored secrets: fresh ones by the tools that administrators take them from, logins by each,
# memory limits, and what is refused.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

srand 20261124;

sub login {
	my ($stored, $password, %more) = @_;
	my $user = $more{user} // 'joe';
	return attempt(store => "$user:$stored\n", message => "$user\0$password\0\0",
		subprogram => [ '/bin/true' ], %more);
}

# `stored` must work for `password`, and for nothing near it, nor for its own text.
sub works {
	my ($name, $stored, $password, %more) = @_;
	my $significant = $more{significant} // length $password;
	my $wrong = substr($password, 0, $significant);
	substr($wrong, rand length $wrong, 1) ^= "\1";
	$wrong = "$password!" if $wrong =~ /\0/;
	my @got = map { login($stored, $_, %more)->{exit} } $password, $wrong,
	  length $stored <= 500 ? $stored : ();
	is "@got", '0 1 1', "$name: right, one byte wrong, the stored text" or diag "$stored for $password";
}

# Random passwords of 1 to 128 bytes, with 8-bit bytes and colons; no NUL and no newline.
sub random_password {
	my ($longest) = @_;
	my $length = 1 + int rand($longest // 128);
	return join '', map { my $c = 1 + int rand 255; $c == 10 || $c == 13 ? ':' : chr $c } 1 .. $length;
}

sub output_of {
	my ($input, @command) = @_;
	my $dir = scratch();
	write_file("$dir/input", $input);
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', "$dir/input";
		open STDOUT, '>', "$dir/output";
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(96);
	}
	waitpid $pid, 0;
	my $output = read_file("$dir/output") // '';
	$output =~ s/\n.*//s;
	return $? == 0 ? $output : '';
}

sub have { my ($program) = @_; return grep { -x "$_/$program" } qw(/usr/bin /usr/sbin /bin /sbin) }

SKIP: {
	skip 'doveadm (dovecot-core) is not installed', 1 if !have('doveadm');
	my @schemes = qw(MD5 MD5-CRYPT SHA SHA1 SHA256 SHA512 SMD5 SSHA SSHA256 SSHA512 PLAIN CLEAR
	  CLEARTEXT CRAM-MD5 HMAC-MD5 SCRAM-SHA-1 SCRAM-SHA-256 DIGEST-MD5 PLAIN-MD4 PLAIN-MD5 LDAP-MD5
	  SHA256-CRYPT SHA512-CRYPT DES-CRYPT BLF-CRYPT CRYPT PBKDF2 ARGON2I ARGON2ID);

	for my $scheme (qw(PLAIN SSHA CRAM-MD5 SHA256 SHA512-CRYPT SCRAM-SHA-1)) {
		push @schemes, map { "$scheme.$_" } qw(B64 HEX BASE64);
	}
	for my $scheme (@schemes) {
		my %limits = ('DES-CRYPT' => 8, 'BLF-CRYPT' => 72, CRYPT => 72);
		for my $round (1 .. 2) {
			my $password = random_password($limits{$scheme});
			$password =~ tr/:/;/ if $scheme =~ /^(PLAIN|CLEAR|CLEARTEXT)$/; # no colon fits the file
			$password =~ tr/\x80-\xff/a-z/ if $scheme eq 'DES-CRYPT';     # 7 bits of each byte count
			my $user = $scheme eq 'DIGEST-MD5' ? "joe$round\@example.org" : 'joe';
			my $stored = output_of('', 'doveadm', 'pw', '-s', $scheme, '-u', $user, '-p', $password);
			ok $stored =~ /^\{/, "doveadm pw -s $scheme" or next;
			if ($stored =~ s/:.*//) { # SCRAM and others never hold one
				fail "$scheme: a colon in $stored";
				next;
			}
			works("doveadm $scheme", $stored, $password, user => $user);
		}
	}
	my $password = random_password(80);
	my $context = '{CRAM-MD5}' . cram_context($password);
	is output_of('', 'doveadm', 'pw', '-t', $context, '-p', $password), "$context (verified)",
	  'doveadm verifies a {CRAM-MD5} of ours';
}

SKIP: {
	skip 'mkpasswd (whois) is not installed', 1 if !have('mkpasswd');
	my %significant = (descrypt => 8, bcrypt => 72, 'bcrypt-a' => 72);
	for my $method (qw(yescrypt gost-yescrypt scrypt bcrypt bcrypt-a sha512crypt sha256crypt sunmd5 md5crypt bsdicrypt descrypt)) {
		my $password = random_password($significant{$method} // 100);
		$password =~ tr/\x80-\xff/a-z/ if $method eq 'descrypt';
		my $stored = output_of("$password\n", 'mkpasswd', '-s', '-m', $method);
		ok length $stored, "mkpasswd -m $method" or next;
		works("mkpasswd $method", $stored, $password);
	}
	my $stored = output_of("secret\n", qw(mkpasswd -s -m nt));
	works('mkpasswd nt', $stored, 'secret');
}

SKIP: {
	skip 'htpasswd (apache2-utils) is not installed', 1 if !have('htpasswd');
	for my $option (qw(-m -B -s -2 -5)) {
		for my $round (1 .. 2) {
			my $password = random_password(70);
			my $stored = output_of($password, 'htpasswd', '-n', '-i', $option, 'joe');
			$stored =~ s/^joe://;
			ok length $stored, "htpasswd $option" or next;
			works("htpasswd $option", $stored, $password);
		}
	}
}

SKIP: {
	skip 'slappasswd (slapd) is not installed', 1 if !have('slappasswd');
	for my $scheme (qw(SSHA SHA SMD5 MD5)) {
		my $password = random_password();
		my $stored = output_of('', 'slappasswd', '-h', "{$scheme}", '-s', $password);
		ok length $stored, "slappasswd {$scheme}" or next;
		works("slappasswd {$scheme}", $stored, $password);
	}
}

# Under the how-to's softlimit, and where the hard limit is too low as well. The limits are on
# address space and data; 1 and 111 must never be mistaken for each other.
my %memory_hard = (
	yescrypt => '$y$j9T$JWfVZzxMDr4ua1R7ll32H1$r4Y3YEbRp037yE4S4IacEfGNgfYO8xqkh2ZL0LGsYW9',
	'gost-yescrypt' => '$gy$j9T$XfbOs6gQuqv0d16PGgSfw.$3T3pTfT2mKe8pLWH60jR10imr518yOZM0amAvGp0V10',
	scrypt => '$7$CU..../....o4wFfnRc2a5wb4SuKg4xG.$9pUEqI361O6od.YhXsR6WT8OfuLGegAGEtlCIZhJH9C',
	argon2id => '{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$lxifjD8kkC0ZScbea6biBQ$cm/ADTvFTipAhHBFYz8dGk6d6mqhHivXg2z6ENWgTd8',
);
SKIP: {
	skip 'softlimit (daemontools) is not installed', 1 if !have('softlimit');
	my $spawn = build_dir() . '/tests/spawn';
	for my $name (sort keys %memory_hard) {
		my @soft = (before => [ 'softlimit', '-m', 7340032 ]);
		my @hard = (before => [ $spawn, '-l', '9=7340032:7340032' ]);

		is login($memory_hard{$name}, 'secret', @soft)->{exit}, 0, "$name under softlimit -m 7340032: right";
		is login($memory_hard{$name}, 'wrong', @soft)->{exit}, 1, "$name under softlimit -m 7340032: wrong";
		for my $password ('secret', 'wrong') {
			my $got = login($memory_hard{$name}, $password, @hard);
			is "$got->{exit} $got->{line}{reason}", '111 memory', "$name under a hard limit of 7340032: $password password";
			like $got->{line}{detail}, qr/needs (16777216|67108864) bytes .* hard limit is 7340032/, 'the log names need and limit';
		}
		my $got = attempt(store => "joe:$memory_hard{$name}\n", message => "nobody\0secret\0\0", @hard);
		is "$got->{exit} $got->{line}{reason}", '111 memory', "$name: an unknown login is told the same";
	}
	for my $stored ('secret', '{CRAM-MD5}' . cram_context('secret'), '{SSHA}UwTcIB7zDODZkP9J3ZmNurEof3OlMPlD',
		'$6$nSMZZSrmqGKP6Lil$nIKmV4kAoBkhYW7EGteX6.mzh5VrF0i2ly1ZeM9fCaKpu5frwHCTBjx6DbCyu/gdJnZFqNY7Sy3UVkVhqfyxs.') {
		is login($stored, 'secret', before => [ $spawn, '-l', '9=7340032:7340032' ])->{exit}, 0,
		  'needs no memory to speak of: ' . substr $stored, 0, 10;
	}
}

# What is refused, and the word for it.
my @refused = (
	[ 'x', 'no-shadow' ], [ '*', 'locked' ], [ '!', 'locked' ], [ '!!', 'locked' ],
	[ '!$6$nSMZZSrmqGKP6Lil$nIKmV4kAoBkhYW7EGteX6', 'locked' ], [ '!{PLAIN}secret', 'locked' ],
	[ '*LK*$6$nSMZZSrmqGKP6Lil$nIKmV4kAoBkhYW7EGteX6', 'locked' ], [ '*LOCKED*', 'locked' ], [ '!secret', 'locked' ],
	[ ' {PLAIN}secret', 'bad-secret' ], [ ' $6$nSMZZSrmqGKP6Lil$nIKmV4kAoBkhYW7EGteX6', 'bad-secret' ],
	[ '', 'empty-secret' ],
	[ '{NOSUCH}secret', 'unknown-scheme' ], [ '{SHA256.FOO}x', 'unknown-scheme' ], [ '{PLAIN', 'unknown-scheme' ],
	[ '{}secret', 'unknown-scheme' ], [ '$9$abc$def', 'unknown-scheme' ], [ '$argon2d$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFh', 'unknown-scheme' ],
	[ '{SSHA}', 'bad-secret' ], [ '{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=', 'bad-secret' ], [ '{SHA}5en6G6MezRroT3XKqkdPOmY/Bf', 'bad-secret' ],
	[ '{CRAM-MD5}00', 'bad-secret' ], [ '{PLAIN.B64}*', 'bad-secret' ], [ '{PLAIN.HEX}123', 'bad-secret' ],
	[ '{CRYPT}', 'bad-secret' ], [ '{CRYPT}secret', 'bad-secret' ], [ '{MD5-CRYPT}$6$a$b', 'bad-secret' ],
	[ '{PLAIN-TRUNC}secret', 'bad-secret' ], [ '{PBKDF2}$1$salt$0$' . '00' x 20, 'bad-secret' ],
	[ '{SCRAM-SHA-1}4096,,,', 'bad-secret' ], [ '{ARGON2ID}$argon2id$v=19$m=65536', 'bad-secret' ],
	[ '$6$', 'bad-secret' ], [ '$6$nSMZZSrmqGKP6Lil$nIKmV4kAoBkhYW7EGteX6', 'bad-secret' ],
	[ '$y$j9T$JWfVZzxMDr4ua1R7ll32H1$r4Y3YEbRp037', 'bad-secret' ],
	[ '$y$j9T$JWfVZzxMDr4ua1R7ll32H$r4Y3YEbRp037yE4S4IacEfGNgfYO8xqkh2ZL0LGsYW9', 'bad-secret' ], [ '$y$', 'bad-secret' ], [ '$7$', 'bad-secret' ], [ '$md5,x', 'bad-secret' ], [ '$md5,rounds=0', 'bad-secret' ], [ '$1$', 'bad-secret' ], [ '$2y$05$', 'bad-secret' ],
	[ '$apr1$.v5rU3iY$JHCrzDjTgXXAArWB71i0c', 'bad-secret' ],
);
for my $case (@refused) {
	my ($stored, $reason) = @$case;
	my @got = map { my $got = login($stored, $_); "$got->{exit} $got->{line}{reason}" } 'secret', $stored || 'secret';
	is "@got", "1 $reason 1 $reason", "stored '$stored' is refused as $reason";
}
for my $stored ('$ecret', 'sec$ret$', '_short', 'Xhash123456x', "p\xe4ss", '  spaces ', '-dash', '<a@b') {
	is login($stored, $stored)->{exit}, 0, "stored '$stored' is a plaintext";
}
my $got = login('rEK1ecacw.7.c', 'rEK1ecacw.7.c');
is "$got->{exit} $got->{line}{reason}", '1 hash-text', 'the text of a DES hash as the password';
is login('{PLAIN}rEK1ecacw.7.c', 'rEK1ecacw.7.c')->{exit}, 0, '... which is a plaintext behind {PLAIN}';
is login('rEK1ecacw.7.x', 'rEK1ecacw.7.x')->{exit}, 0, '... and where DES cannot end so';

# CRAM-MD5 against what cannot serve it.
my $challenge = challenge();
my %serves = ('secret' => '0 ok', '{PLAIN}secret' => '0 ok', '{CRAM-MD5}' . cram_context('secret') => '0 ok',
	'{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=' => '1 one-way', '{CRAM-MD5}' . cram_context('') => '1 empty-secret', '{PLAIN}' => '1 empty-secret',
	$memory_hard{yescrypt} => '1 one-way');
for my $stored (sort keys %serves) {
	my $key = $serves{$stored} =~ /empty/ ? '' : 'secret';
	for my $message ("joe\0$challenge\0" . hmac_md5_hex($challenge, $key) . "\0", "joe\0" . hmac_md5_hex($challenge, $key) . "\0$challenge\0") {
		my $got = attempt(store => "joe:$stored\n", message => $message, subprogram => [ '/bin/true' ]);
		is "$got->{exit} $got->{line}{reason}", $serves{$stored}, "CRAM-MD5 against $stored";
		like $got->{line}{detail}, qr/store \{CRAM-MD5\}/, 'the log says what to store' if $got->{line}{reason} eq 'one-way';
	}
}

# A decoy of the configuration.
is attempt(store => "joe:secret\n", message => "nobody\0x\0\0", config => "decoy = $memory_hard{scrypt}\n")->{exit}, 1,
  'a configured decoy';
$got = attempt(store => "joe:secret\n", message => "joe\0secret\0\0", config => "decoy = {NOSUCH}x\n");
is "$got->{exit} $got->{line}{reason}", '111 configuration', 'a decoy that cannot be tried is an error';

done_testing;
