# The commands of poppasswd: what they change, what they leave as it is byte for byte, what they
# refuse, and that the checker takes what they wrote.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Poppasswd;
use Test::More;

# ($name, $exit, [file before], [arguments], file after, stdin)
sub row {
	my ($name, $exit, $before, $arguments, $after, $stdin) = @_;
	put_users($before);
	my $got = poppasswd({ stdin => $stdin // "secret\n" }, @$arguments);
	is_deeply [ $got->{exit}, $got->{signal}, users() ], [ $exit, 0, ref $after ? $before : $after ], $name
	  or diag explain $got;
	like $got->{err}, $after, '... and what is said' if ref $after;
	unlike $got->{out} . $got->{err}, qr/secret|cd3ba7|XOPcv/, '... no secret';
	return $got;
}
my $context = '{CRAM-MD5}' . cram_context('secret');
my $odd = "# a comment\n\n \tx\nnocolon\nann:1:further:fields\r\n" . 'y' x 5000 . ":z\nn\0ul:1\nann:2\n\xff\xfe:raw\x80\nlast:end";

# add
row 'add: the first login makes the file', 0, undef, [ 'add', '--stdin', 'joe' ], "joe:$context\n";
is sprintf('%o', (stat users_path())[2] & 07777), '400', '... with mode 0400';
ok logs_in('joe', 'secret'), '... PLAIN works';
{
	my $challenge = challenge();
	my $digest = hmac_md5_hex($challenge, 'secret');
	my %sent = ('CRAM-MD5, new order' => "joe\0$digest\0$challenge\0", 'old order' => "joe\0$challenge\0$digest\0");
	is attempt(file => users_path(), message => $sent{$_})->{exit}, 0, "... $_ works" for sort keys %sent;
	ok refused('joe', 'wrong'), '... another password does not';
	ok refused('joe', $context), '... nor the text of what is stored';
}
row 'add: all else stays as it is', 0, $odd, [ 'add', 'joe', '--stdin' ], "$odd\njoe:$context\n";
row 'add: a file that ends in a newline', 0, "ann:1\n", [ 'add', 'joe', '--stdin' ], "ann:1\njoe:$context\n";
row 'add: an empty file', 0, '', [ 'add', 'joe', '--stdin' ], "joe:$context\n";
row 'add: a login that is there', 1, "joe:old\n", [ 'add', 'joe', '--stdin' ], qr/^poppasswd: joe: is there already; --force /;
row 'add: one that is locked is there, too', 1, "joe:!old\n", [ 'add', 'joe', '--stdin' ], qr/is there already/;
row 'add --force', 0, "a:1\njoe:old:more:fields\r\nb:2", [ 'add', '--force', 'joe', '--stdin' ], "a:1\njoe:$context:more:fields\r\nb:2";
row 'add --force: the first line counts', 0, "joe:1\njoe:2\n", [ 'add', '--force', 'joe', '--stdin' ], "joe:$context\njoe:2\n";
row 'add: a login of the greatest length', 0, '', [ 'add', '--stdin', 'l' x 503 ], 'l' x 503 . ":$context\n";
row 'add: one byte more', 1, '', [ 'add', '--stdin', 'l' x 504 ], qr/longer than a mail server can send/;
row 'add: an 8-bit login', 0, '', [ 'add', '--stdin', "j\xc3\xb6" ], "j\xc3\xb6:$context\n";
row 'add: a login with blanks and @', 0, '', [ 'add', '--stdin', 'a b@example.org' ], "a b\@example.org:$context\n";
row "add: -- ends the options", 0, '', [ 'add', '--stdin', '--', '--joe' ], "--joe:$context\n";
for my $case ([ 'a:b', 'colon' ], [ "a\nb", 'control' ], [ '#joe', 'comment' ], [ '', 'empty' ], [ "a\rb", 'control' ], [ "a\eb", 'control' ],
	[ 'l' x 509, 'longer' ]) {
	my ($login, $why) = @$case;
	(my $shown = $login) =~ s/[^ -~]/?/g;
	row 'add: no login: ' . substr($shown, 0, 10), 1, "x:1\n", [ 'add', '--stdin', $login ], qr/$why/;
}
{
	my $got = poppasswd({ stdin => "x\n" }, 'add', "a\e]0;x\a", '--stdin');
	unlike $got->{err}, qr/\e/, 'a login with an escape sequence does not reach the terminal';
}

# Passwords.
row 'no password', 1, "x:1\n", [ 'add', 'joe', '--stdin' ], qr/empty/, "\n";
row 'no input', 1, "x:1\n", [ 'add', 'joe', '--stdin' ], qr/empty/, '';
row 'a NUL in it', 1, "x:1\n", [ 'add', 'joe', '--stdin' ], qr/NUL/, "a\0b\n";
row 'too long', 1, "x:1\n", [ 'add', 'joe', '--stdin' ], qr/longer/, 'p' x 600 . "\n";
row 'too long with the login', 1, "x:1\n", [ 'add', 'joe', '--stdin' ], qr/longer/, 'p' x 507 . "\n";
row 'the longest one', 0, "", [ 'add', 'joe', '--stdin' ], 'joe:{CRAM-MD5}' . cram_context('p' x 506) . "\n", 'p' x 506 . "\n";
ok logs_in('joe', 'p' x 506), '... works';
row 'no newline', 0, '', [ 'add', 'joe', '--stdin' ], "joe:$context\n", 'secret';
row 'one line only', 0, '', [ 'add', 'joe', '--stdin' ], "joe:$context\n", "secret\nmore\n";
for my $password ('a:b c', ':', "end\r", "{CRYPT}x", '$6$a$b', ' blanks ', "\xff\x80", '#', '!', '*', 'x', "tab\there", 'rEK1ecacw.7.c') {
	for my $scheme ('CRAM-MD5', 'PLAIN', 'Plain.Hex') {
		(my $shown = $password) =~ s/[^ -~]/?/g;
		put_users('');
		my $got = poppasswd({ stdin => "$password\n" }, 'add', 'joe', '-s', $scheme, '--stdin');
		my $wrong = attempt(file => users_path(), message => "joe\0${password}x\0\0")->{exit};
		ok $got->{exit} == 0 && logs_in('joe', $password) && $wrong == 1, "password '$shown' as $scheme" or diag users(), $got->{err};
	}
}
row 'PLAIN stays readable', 0, '', [ 'add', 'joe', '-s', 'PLAIN', '--stdin' ], "joe:{PLAIN}sesame\n", "sesame\n";
row 'PLAIN with a colon is encoded', 0, '', [ 'add', 'joe', '-s', 'PLAIN', '--stdin' ], "joe:{PLAIN.B64}YTpiIGM=\n", "a:b c\n";

# passwd
row 'passwd', 0, "a:1\njoe:old:x\r\nb:2", [ 'passwd', 'joe', '--stdin' ], "a:1\njoe:$context:x\r\nb:2";
row 'passwd: the first line only', 0, "joe:1\njoe:2", [ 'passwd', 'joe', '--stdin' ], "joe:$context\njoe:2";
row 'passwd: no such login', 1, "joe:old\n", [ 'passwd', 'jo', '--stdin' ], qr/^poppasswd: jo: there is no such login$/;
row 'passwd: an empty secret', 0, "joe:\nb:2\n", [ 'passwd', 'joe', '--stdin' ], "joe:$context\nb:2\n";
{
	my $got = row 'passwd: a locked one is unlocked', 0, "joe:!old\n", [ 'passwd', 'joe', '--stdin' ], "joe:$context\n";
	like $got->{err}, qr/was locked/, '... and that is said';
}
row 'passwd: the line would be too long', 1, 'joe:1:' . 'x' x 4050 . "\n", [ 'passwd', 'joe', '--stdin' ], qr/too long/;
row 'passwd: no file', 111, undef, [ 'passwd', 'joe', '--stdin' ], qr/No such file/;

# del: every line of the login, or the second would let the deleted user in.
row 'del', 0, "a:1\njoe:2\nb:3\n", [ 'del', 'joe' ], "a:1\nb:3\n";
row 'del: all lines of it', 0, "joe:1\na:1\njoe:2:x\r\n#joe:3\njoe:4", [ 'del', 'joe' ], "a:1\n#joe:3\n";
row 'del: all else stays', 0, $odd, [ 'del', 'last' ], substr $odd, 0, -8;
row 'del: several', 0, "a:1\nb:2\nc:3\n", [ 'del', 'c', 'a' ], "b:2\n";
row 'del: no such login', 1, "a:1\n", [ 'del', 'joe' ], qr/^poppasswd: joe: there is no such login$/;
row 'del --force: none is fine', 0, "a:1\n", [ 'del', '--force', 'joe' ], "a:1\n";
row 'del: those that are there', 1, "a:1\nb:2\n", [ 'del', 'joe', 'a' ], "b:2\n";
row 'del: the last', 0, "joe:1\n", [ 'del', 'joe' ], '';
row 'del: an empty login', 0, ":1\na:2\n", [ 'del', '' ], "a:2\n";

# lock, unlock
row 'lock', 0, "a:1\njoe:pw:x\nb:2", [ 'lock', 'joe' ], "a:1\njoe:!pw:x\nb:2";
ok refused('joe', 'pw'), '... keeps joe out';
row 'lock: once is enough', 0, "joe:!pw\n", [ 'lock', 'joe' ], "joe:!pw\n";
row 'lock: no such login', 1, "a:1\n", [ 'lock', 'joe' ], qr/no such login/;
row 'lock: the line would be too long', 1, 'joe:1:' . 'x' x 4090 . "\n", [ 'lock', 'joe' ], qr/too long/;
row 'unlock', 0, "joe:!pw:x\nb:!2", [ 'unlock', 'joe' ], "joe:pw:x\nb:!2";
ok logs_in('joe', 'pw'), '... lets joe in again';
row 'unlock: all marks', 0, "joe:!!pw\n", [ 'unlock', 'joe' ], "joe:pw\n";
row 'unlock: not locked', 0, "joe:pw\n", [ 'unlock', 'joe' ], "joe:pw\n";
row "unlock: nothing behind the lock ($_)", 1, "joe:$_\n", [ 'unlock', 'joe' ], qr/no password behind its lock/ for '!', '*', '!!', '!*', '*pw', '!x';

# list
put_users(<<'END');
# remarks
joe:{PLAIN}a
ctx:{CRAM-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56
jim:$6$XOPcv/qa7QhnLUq1$XhSdf4O0j2wTC6bxaPrMri6yH5P0VXvklTL9BRVeH1ADWtjTDi.5/WHDfdcA/m.xWCc9l6knDflmblkzY8MYr.
loc:!{SSHA}UwTcIB7zDODZkP9J3ZmNurEof3OlMPlD
off:*
new:{NOSUCH}x
bad:{CRAM-MD5}00
emp:
joe:second
no colon
bare
END
{
	my $got = poppasswd('list');
	(my $lines = $got->{out}) =~ s/ +/ /g;
	is $lines, <<'END', 'list: scheme, mechanisms, state';
joe PLAIN PLAIN,CRAM-MD5,APOP ok
ctx CRAM-MD5 PLAIN,CRAM-MD5 ok
jim SHA512-CRYPT PLAIN ok
loc SSHA PLAIN locked
off - - locked
new - - unknown-scheme
bad - - damaged
emp - - empty
END
	is $got->{exit}, 0, '... exit 0';
	$got = poppasswd('list', 'jim', 'eve', 'ctx');
	is_deeply [ $got->{exit}, $got->{out} =~ /^(\w+)/mg ], [ 1, 'ctx', 'jim' ], 'list: some of them; exit 1 for one that is not there';
	like $got->{err}, qr/eve: there is no such login/, '... and its name';
	put_users("a\e[2Jb:x\n\xff:y\nj\xc3\xb6:z\n");
	is_deeply [ map { /^(\S+)/ } split /\n/, poppasswd('list')->{out} ], [ '"a\x1b[2Jb"', '"\xff"', "j\xc3\xb6" ], 'list: nothing that drives a terminal';
}

# The command line.
for my $case ([ [], 'COMMAND' ], [ ['frob'], 'frob: there is no such command' ], [ ['add'], 'argument is missing' ], [ [ 'add', 'a', 'b' ], 'too many' ],
	[ [ 'add', '--json', 'joe' ], 'does not take' ], [ [ 'list', '-s', 'PLAIN' ], 'does not take' ], [ [ 'add', '--bogus', 'joe' ], 'unrecognized' ],
	[ [ 'add', '--stdin', '--generate', 'joe' ], 'exclude each other' ], [ [ 'add', 'joe', '-s', 'NOSUCH', '--stdin' ], 'NOSUCH: no scheme' ],
	[ [ 'hash', '-s', 'PLAIN.FOO', '--stdin' ], 'no scheme' ], [ [ 'import', '--format', 'x', '-' ], 'no format' ], [ [ 'export', '--format', 'x' ], 'no format' ],
	[ [ 'add', '--wait', 'x', 'joe' ], 'seconds' ], [ ['--bogus'], 'unrecognized' ], [ [ 'del' ], 'missing' ]) {
	my ($arguments, $said) = @$case;
	put_users("a:1\n");
	my $got = poppasswd(@$arguments);
	is_deeply [ $got->{exit}, $got->{out}, users() ], [ 2, '', "a:1\n" ], "usage, exit 2: poppasswd @$arguments" or diag explain $got;
	like $got->{err}, qr/\Q$said\E/, '... and why';
}
for my $command (qw(add passwd del lock unlock list check import export index hash)) {
	my $got = poppasswd($command, '--help');
	is_deeply [ $got->{exit}, $got->{err} ], [ 0, '' ], "$command --help";
	like $got->{out}, qr/\Ausage: poppasswd \[-f FILE\] $command\b/, '... says how';
}
is poppasswd({ file => undef }, '--help')->{exit}, 0, '--help';
{
	my $got = poppasswd('add', 'joe');
	is $got->{exit}, 111, 'no terminal to ask on';
	like $got->{err}, qr/--stdin/, '... and what to do';
	put_users("ann:1\n");
	my $conf = write_file(scratch() . '/conf', 'file = ' . users_path() . "\nlog = stderr\n");
	is poppasswd({ file => undef, env => { CHECKPW_CONF => $conf }, stdin => "secret\n" }, 'add', '--stdin', 'joe')->{exit}, 0, 'without -f';
	is users(), "ann:1\njoe:$context\n", '... it is the file that cmd5checkpw is configured to read';
	write_file(scratch() . '/conf', "fiel = x\n");
	$got = poppasswd({ file => undef, env => { CHECKPW_CONF => $conf } }, 'list');
	is $got->{exit}, 111, 'a configuration with a mistake';
	like $got->{err}, qr{conf: line 1}, '... file and line';
	is poppasswd({ file => 'users', stdin => "secret\n", child => sub { chdir scratch() } }, 'add', '--stdin', 'eve')->{exit}, 0, 'a relative path';
	like users(), qr/^eve:/m, '... is relative to the working directory';
}

# hash: all schemes that can be made, verified by doveadm and by the checker.
my @schemes = read_file("$FindBin::Bin/../../poppasswd/make.c") =~ /^\t\{ "([A-Z0-9-]+)", /mg;
cmp_ok scalar @schemes, '>', 30, 'schemes that can be made';
my $doveadm = grep { -x "$_/doveadm" } qw(/usr/bin /usr/sbin);
for my $scheme (@schemes, 'ssha512.hex', 'CRAM-MD5.B64', 'sha512-crypt.base64') {
	my $password = $scheme eq 'DES-CRYPT' ? 'a:b c' : "a:b \xc3\xb6" . 'long enough' x 5;
	my $got = poppasswd({ stdin => "$password\n" }, 'hash', '-s', $scheme, '--stdin', 'joe@example.org');
	chomp(my $secret = $got->{out});
	like $secret, qr/^\{[A-Z0-9-]+(\.\w+)?\}[^:]+$/, "hash -s $scheme";
	put_users("joe\@example.org:$secret\n");
	ok logs_in('joe@example.org', $password), '... cmd5checkpw accepts it';
	ok refused('joe@example.org', substr $password, 1), '... and not another one';
	is poppasswd({ stdin => "$password\n" }, 'hash', '-s', $scheme, '--stdin', 'joe@example.org')->{out} eq "$secret\n" ? 'same' : 'other',
	  $scheme =~ /^(CRAM|HMAC|PLAIN|CLEAR|SHA\d*$|LDAP|DIGEST)/i ? 'same' : 'other', '... a salt, where it has one, is new each time';
	SKIP: {
		skip 'doveadm (dovecot-core) is not installed', 1 if !$doveadm;
		open my $verified, '-|', 'doveadm', '-O', 'pw', '-t', $secret, '-p', $password, '-u', 'joe@example.org' or die "doveadm: $!";
		like scalar <$verified> // '', qr/\(verified\)/, '... doveadm verifies it';
	}
}
for my $case ([ 'BLF-CRYPT', 72 ], [ 'DES-CRYPT', 8 ]) {
	my ($scheme, $most) = @$case;
	is poppasswd({ stdin => 'p' x $most . "\n" }, 'hash', '-s', $scheme, '--stdin')->{exit}, 0, "$scheme: $most bytes";
	my $got = poppasswd({ stdin => 'p' x ($most + 1) . "\n" }, 'hash', '-s', $scheme, '--stdin');
	is "$got->{exit} $got->{out}", '1 ', '... one more is refused, for it would not count';
}

# --generate
{
	put_users("a:1\n");
	my $got = poppasswd('add', 'joe', '--generate');
	my ($password) = $got->{out} =~ /\A([a-z2-9]{5}(?:-[a-z2-9]{5}){3})\n\z/;
	ok defined $password && logs_in('joe', $password), '--generate prints a password that works' or diag explain $got;
	$got = poppasswd('add', 'joe', '--generate');
	is_deeply [ $got->{exit}, $got->{out} ], [ 1, '' ], '... and none where nothing was changed';
	my @generated = map { poppasswd('hash', '--generate')->{out} =~ /^(.*)\n/ } 1 .. 20;
	my %seen = map { $_ => 1 } @generated;
	is scalar keys %seen, 20, '... each time another one';
	SKIP: {
		my ($cracklib) = grep { -x } '/usr/sbin/cracklib-check';
		skip 'cracklib-check (cracklib-runtime) is not installed', 1 if !$cracklib;
		write_file(scratch() . '/passwords', join '', map { "$_\n" } @generated);
		my @judged = split /\n/, `$cracklib < '@{[ scratch() ]}/passwords'`;
		is scalar(grep { /: OK$/ } @judged), 20, '... cracklib-check has no objection' or diag "@judged";
	}
	SKIP: {
		skip 'no /dev/full', 1 if !-c '/dev/full';
		my $full = poppasswd({ before => [ 'sh', '-c', 'exec "$@" >/dev/full', 'sh' ] }, 'hash', '--generate');
		is $full->{exit}, 111, 'a standard output that is full is an error';
	}
}
done_testing;
