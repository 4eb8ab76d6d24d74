# poppasswd and other files: import from four formats, export to two, what check finds, and its JSON.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use JSON::PP;
use Poppasswd;
use Test::More;
use Vpopmail qw(vpasswd_line);

my $dir = scratch();
my $path = users_path();
my $context = '{CRAM-MD5}' . cram_context('secret');
my %hash = (
	apr1 => '$apr1$.v5rU3iY$JHCrzDjTgXXAArWB71i0c/',
	md5 => crypt('secret', '$1$saltsalt'),
	sha512 => crypt('secret', '$6$saltsalt'),
	des => crypt('secret', 'ab'),
);

# (name, format, source, [users after], exit, what is said, more arguments)
sub import_row {
	my ($name, $format, $source, $after, $exit, $said, @more) = @_;
	write_file("$dir/source", $source);
	my $got = poppasswd('import', '--format', $format, @more, "$dir/source");
	is_deeply [ $got->{exit}, users() ], [ $exit, $after ], "import $format: $name" or diag explain $got;
	like $got->{out} . $got->{err}, $_, '... says so' for ref $said eq 'ARRAY' ? @$said : $said // qr/ taken, 0 left$/m;
	unlike $got->{out} . $got->{err}, qr/secret(?! is)/, '... no password';
	return;
}

put_users("ann:1");
import_row 'comments and order', 'poppasswd', "# x\n\njoe:{PLAIN}secret:more\nann:other\nbob:$hash{sha512}\n",
  "ann:1\njoe:{PLAIN}secret:more\nbob:$hash{sha512}\n", 1, [ qr/source:4: ann: left: is there already/, qr/^2 taken, 1 left$/m ];
import_row '--force keeps the line', 'poppasswd', "ann:{PLAIN}2:x\n", "ann:{PLAIN}2\njoe:{PLAIN}secret:more\nbob:$hash{sha512}\n", 0, undef, '--force';
put_users(undef);
import_row 'plaintexts in another scheme, if asked for', 'poppasswd', "joe:{PLAIN}secret\nlot:!x\nbob:$hash{md5}\n", "joe:$context\nlot:!x\nbob:$hash{md5}\n", 0, undef, '-s', 'cram-md5';
put_users(undef);
import_row 'what cannot be taken', 'poppasswd', "no colon\n:x\n#c:x\na:{NOSUCH}x\nb:{SHA}1\nc:\nd:x\nd:!\nd:2\n" . 'l' x 5000 . ":x\nn\0:x\ne:1\n",
  "d:!\ne:1\n", 1, [ map { qr/$_/ } 'source:1: left: there is no colon', 'source:2: left: the login is empty', 'source:4: a: left: the scheme is not known', 'source:5: b: left: the secret is damaged',
	'source:6: c: left: the password is empty', 'source:7: d: left: the secret is damaged', 'source:9: d: left: the login stands above', 'source:10: left: too long', 'source:11: left: too long', '2 taken, 9 left' ];
put_users(undef);
import_row 'every secret is a plaintext', 'plain', "joe:secret\na:{PLAIN}secret\nb:$hash{sha512}:x\n",
  "joe:$context\na:{CRAM-MD5}" . cram_context('{PLAIN}secret') . "\nb:{CRAM-MD5}" . cram_context($hash{sha512}) . ":x\n", 0;
put_users(undef);
import_row 'users of Dovecot', 'dovecot', "joe\@example.org:{SHA512-CRYPT}$hash{sha512}:1000:1000::/home/joe::userdb_mail=maildir:~\njim:$hash{md5}\nann:{PLAIN}secret:1::::\n" .
  "off:{PLAIN}secret::::::nologin\nnet:$hash{md5}::::::user=x allow_nets=192.0.2.0/24\nany:::::::nopassword\nbare:secret\nloc:!$hash{md5}\nsomeone\n",
  "joe\@example.org:{SHA512-CRYPT}$hash{sha512}\njim:$hash{md5}\nann:$context\noff:!$context\nnet:!$hash{md5}\nloc:!$hash{md5}\n", 1,
  [ map { qr/$_/ } 'joe@example.org: taken: ids, home', 'off: taken: locked', 'net: taken: locked', 'any: left: any password would do', 'bare: left: the password is no hash', '6 taken, 3 left' ];
ok logs_in('joe@example.org', 'secret') && logs_in('ann', 'secret') && refused('off', 'secret'), '... they log in';
put_users(undef);
import_row 'users of Apache', 'htpasswd', "joe:$hash{apr1}\njim:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:$hash{des}\nplain:secret\n",
  "joe:$hash{apr1}\njim:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:$hash{des}\n", 1, [ qr/plain: left: the password is no hash/, qr/^3 taken, 1 left/m ];
ok logs_in($_, 'secret'), "... $_ logs in" for qw(jim bob);
put_users(undef);
import_row 'users of vpopmail', 'vpasswd', join('', vpasswd_line('joe', $hash{md5}, '/d'), vpasswd_line('ann', $hash{md5}, '/d', clear => 'a:b'),
	vpasswd_line('off', $hash{sha512}, '/d', flags => 0x802), vpasswd_line('web', $hash{sha512}, '/d', flags => 4), vpasswd_line('no', '', '/d'), "x:y\n"),
  "joe\@example.org:$hash{md5}\nann\@example.org:{CRAM-MD5}" . cram_context('a:b') . "\noff\@example.org:!$hash{sha512}\nweb\@example.org:$hash{sha512}\n", 1,
  [ map { qr/$_/ } 'joe@example.org: taken: directory', 'off@example.org: taken: locked', 'web@example.org: taken: flags', 'no: left', 'fewer than seven', '4 taken, 2 left' ], '--domain', 'example.org';
ok logs_in('ann@example.org', 'a:b'), '... ann logs in with her clear password';
{
	put_users(undef);
	my $got = poppasswd({ stdin => "joe:1\n" }, 'import', '-');
	is_deeply [ $got->{exit}, users() ], [ 0, "joe:1\n" ], 'import from standard input';
	is sprintf('%o', (stat $path)[2] & 07777), '400', '... makes the file with mode 0400';
	is poppasswd('import', "$dir/nothing")->{exit}, 111, 'import: no such file';
	is poppasswd('import', $dir)->{exit}, 111, 'import: a directory';
}

# export
{
	put_users("# c\njoe:secret:x\njoe:second\nann:$hash{sha512}\ntex:$hash{apr1}\nlot:!{PLAIN}secret\nctx:$context\noff:!\nbad:{NO}x\nnocolon\narg:\$argon2id\$v=19\$m=65536,t=3,p=1\$lxifjD8kkC0ZScbea6biBQ\$cm/ADTvFTipAhHBFYz8dGk6d6mqhHivXg2z6ENWgTd8\n");
	my $got = poppasswd('export');
	is $got->{out}, "joe:{PLAIN}secret\nann:$hash{sha512}\ntex:$hash{apr1}\nlot:!{PLAIN}secret\nctx:$context\noff:!\nbad:{NO}x\n" .
	  "arg:\$argon2id\$v=19\$m=65536,t=3,p=1\$lxifjD8kkC0ZScbea6biBQ\$cm/ADTvFTipAhHBFYz8dGk6d6mqhHivXg2z6ENWgTd8\n", 'export: each login once, plaintexts marked';
	$got = poppasswd('export', '--format', 'dovecot');
	is $got->{exit}, 1, 'export dovecot: some are left';
	is $got->{out}, "joe:{PLAIN}secret\nann:{CRYPT}$hash{sha512}\nlot:{PLAIN}secret::::::nologin\nctx:$context\n" .
	  "arg:{ARGON2ID}\$argon2id\$v=19\$m=65536,t=3,p=1\$lxifjD8kkC0ZScbea6biBQ\$cm/ADTvFTipAhHBFYz8dGk6d6mqhHivXg2z6ENWgTd8\n", '... the others are there';
	is_deeply [ $got->{err} =~ /^poppasswd: (\w+): /mg ], [ 'tex', 'off', 'bad' ], '... and those are named';
	SKIP: {
		skip 'doveadm (dovecot-core) is not installed', 1 if !grep { -x "$_/doveadm" } qw(/usr/bin /usr/sbin);
		for (split /\n/, $got->{out}) {
			my ($login, $secret) = split /:/;
			open my $verified, '-|', 'doveadm', '-O', 'pw', '-t', $secret, '-p', 'secret' or die "doveadm: $!";
			like scalar <$verified> // '', qr/\(verified\)/, "... doveadm verifies $login";
		}
	}
}

# check
my $bad = "\xef\xbb\xbfbom:{CRAM-MD5}" . cram_context('x') . "\n" . "joe:{PLAIN}x\njoe:second\nno colon\n" . 'y' x 5000 . "\nn\0ul:x\n:empty\n" . 'l' x 510 . ":$context\n lead:$context\n" .
  "emp:\nshadow:x\nnew:{NOSUCH}x\nbad:{SHA}1\nold:$hash{md5}\nbare:text\ngood:$context\nlocked:!x\nlong:{PLAIN}" . 'p' x 600 . "\nsha:{SSHA}UwTcIB7zDODZkP9J3ZmNurEof3OlMPlD\nnext:$hash{sha512}";
my @expected = (
	[ 1, 'warning', 'login' ], [ 2, 'warning', 'plaintext' ], [ 3, 'error', 'duplicate' ], [ 4, 'error', 'malformed' ], [ 5, 'error', 'malformed' ], [ 6, 'error', 'malformed' ],
	[ 7, 'error', 'unreachable' ], [ 8, 'error', 'unreachable' ], [ 9, 'warning', 'login' ], [ 10, 'error', 'empty' ], [ 11, 'error', 'no-shadow' ], [ 12, 'error', 'unknown-scheme' ], [ 13, 'error', 'damaged' ],
	[ 14, 'warning', 'weak-hash' ], [ 15, 'warning', 'plaintext' ], [ 18, 'error', 'unreachable' ], [ 19, 'warning', 'weak-hash' ],
);
put_users($bad);
{
	my $got = poppasswd('check');
	is_deeply [ map { [ /^\Q$path\E:(\d+): (error|warning): ([\w-]+): / ] } grep { !/ users, / } split /\n/, $got->{out} ], \@expected, 'check: line, severity and kind' or diag $got->{out};
	is $got->{exit}, 1, '... exit 1';
	unlike $got->{out} . $got->{err}, qr/pppp|cd3ba7|[^\x20-\x7e\n]/, '... no secret, and nothing that drives a terminal';
	$got = poppasswd('check', '--json');
	my $json = eval { decode_json($got->{out}) } // {};
	is $@, '', 'check --json is JSON';
	is_deeply [ map { [ @{$_}{qw(line severity kind)} ] } @{ $json->{findings} } ], \@expected, '... with the same findings';
	is_deeply [ @{$json}{qw(file users errors warnings)} ], [ $path, 16, 11, 6 ], '... and their number' or diag $got->{out};
	$got = poppasswd('list', '--json');
	$json = eval { decode_json($got->{out}) } // {};
	is $@, '', 'list --json is JSON';
	my %user = map { $_->{login} => $_ } @{ $json->{users} };
	is_deeply $user{good}, { login => 'good', line => 16, scheme => 'CRAM-MD5', mechanisms => [ 'PLAIN', 'CRAM-MD5' ], locked => JSON::PP::false, state => 'ok' }, '... a user in it';
	is_deeply [ @{ $user{locked} }{qw(locked state)} ], [ JSON::PP::true, 'locked' ], '... one who is locked';
	is $user{joe}{line}, 2, '... the line that counts';
	put_users(join '', map { chr($_) . "x:1\n" } grep { $_ != 10 && $_ != 13 && $_ != 35 && $_ != 58 && $_ != 0 } 1 .. 255);
	is eval { scalar @{ decode_json(poppasswd('list', '--json')->{out})->{users} } }, 251, 'list --json with every byte is JSON' or diag $@;
	put_users("a\xc2\x9bb\xe2\x80\xaec\xd8\x9cd\xf3\xa0\x80\x81e:1\n");
	unlike poppasswd('list', '--json')->{out}, qr/[^\x20-\x7e\n]/, '... and nothing in it drives a terminal';
	is eval { decode_json(poppasswd('list', '--json')->{out})->{users}[0]{login} }, "a\x{9b}b\x{202e}c\x{61c}d\x{e0001}e", '... but it is told';
	unlike poppasswd('list')->{out}, qr/[^\x20-\x7e\n]/, '... nor in the list';
	put_users('');
	is_deeply eval { decode_json(poppasswd('list', '--json')->{out}) }, { file => $path, users => [] }, 'list --json of nobody';
	is_deeply eval { decode_json(poppasswd('check', '--json')->{out})->{findings} }, [], 'check --json without findings';
	put_users("# only\r\n\njoe:$context\r\nann:$context");
	is_deeply [ @{ poppasswd('check') }{qw(exit out)} ], [ 0, "2 users, 0 errors, 0 warnings\n" ], 'check: nothing to be found: exit 0';
	for my $case ([ 0440, 'warning' ], [ 0600, '' ], [ 0404, 'error' ], [ 0646, 'error' ], [ 0660, 'warning' ]) {
		my ($mode, $severity) = @$case;
		chmod $mode, $path;
		my ($found) = poppasswd('check')->{out} =~ /: (\w+): mode: /;
		is $found // '', $severity, sprintf 'check: mode %04o', $mode;
	}
	chmod 0400, $path;
	chmod 0777, $dir;
	like poppasswd('check')->{out}, qr/error: directory: /, 'check: a directory that everybody can write to';
	chmod 0755, $dir;
	put_users(undef);
	is poppasswd('check')->{exit}, 111, 'check: no file';
}

# The path of an index that is cut short would be that of the users.
{
	my $deep = $dir . ('/' . 'd' x 200) x ((1000 - length $dir) / 201);
	system('mkdir', '-p', $deep) == 0 or die "mkdir: $!";
	my $long = "$deep/" . 'u' x (1023 - length($deep) - 1);
	write_file($long, "ann:1\n", 0400);
	my $got = poppasswd({ file => $long }, 'index');
	is_deeply [ $got->{exit}, read_file($long) ], [ 111, "ann:1\n" ], 'index: a path that is too long' or diag $got->{err};
	is_deeply [ poppasswd({ file => $long }, 'lock', 'ann')->{exit}, read_file($long) ], [ 0, "ann:!1\n" ], '... is changed without one';
}
done_testing;
