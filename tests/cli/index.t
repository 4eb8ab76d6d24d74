# The index of a file of users: with it every login has the outcome that it has without it, whatever
# became of text and index since it was made. It can never let a deleted user in or keep a new one out.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Poppasswd;
use Test::More;
use Time::HiRes ();
use Vpopmail qw(cdb_of cdb_hash);

srand 20261124;
my $path = users_path();
my $cdb = "$path.cdb";
my $text = join '', map { "user$_:secret$_\n" } 1 .. 200;
my $data_at = 2048 + 8 + 6; # of the first record, :index

sub fresh {
	put_users($text);
	my $got = index_users();
	is $got->{exit}, 0, 'poppasswd index' or diag $got->{err};
	return;
}

# What the checker opened and read of the text: whether it used the index.
sub uses_index {
	my ($login, $password) = @_;
	my $trace = scratch() . '/trace';
	my $got = attempt(file => $path, message => "$login\0$password\0\0", before => [ 'strace', '-o', $trace, '-e', 'trace=read,pread64,openat' ],
		program => [ checker() ]);
	my ($descriptor, $later) = read_file($trace) =~ /openat\(\S+ "\Q$path\E", .* = (\d+)\n(.*)/s or return 'not opened';
	return $later =~ /^read\($descriptor, /m ? 'scan' : 'index';
}

my $strace = -x '/usr/bin/strace' && build_dir() !~ m{/san$};

# It matches: one line is read.
fresh();
is index_users()->{out}, "200 logins\n", 'how many there are';
is sprintf('%o', (stat $cdb)[2] & 07777), '400', 'it has the mode of the text';
unlike read_file($cdb), qr/secret/, 'no secret is in it';
for my $login ('user1', 'user100', 'user200') {
	(my $password = $login) =~ s/user/secret/;
	my $got = Poppasswd::login($login, $password);
	is_deeply [ @{$got}{qw(exit reason warning)} ], [ 0, 'ok', undef ], "$login logs in";
	is Poppasswd::login($login, 'wrong')->{reason}, 'mismatch', '... not with another password';
	is uses_index($login, $password), 'index', '... and the text is not scanned' if $strace;
}
for my $login ('user', 'user0', 'user201', 'user11111', ':index', 'user1:secret1', 'x' x 400, "\xff", '#') {
	my $got = Poppasswd::login($login, 'secret1');
	is_deeply [ @{$got}{qw(exit reason warning)} ], [ 1, 'mismatch', undef ], 'unknown: ' . substr $login, 0, 20;
}
is uses_index('nobody', 'x'), 'index', 'an unknown login does not scan' if $strace;

# Nobody whose secret could be tried in the place of an unknown login's.
put_users("ann:!x\nbob:*\n");
is index_users()->{exit}, 0, 'an index of locked users';
is Poppasswd::login('ann', 'x')->{reason}, 'locked', '... a locked login is locked';
is Poppasswd::login('nobody', 'x')->{reason}, 'mismatch', '... an unknown one is unknown';

# The same rules as without it: comments, first lines, ends of lines, lines that are skipped.
{
	my $odd = "#c:x\n\nann:1\r\nann:2\nb:!{PLAIN}x\nnocolon\n" . 'y' x 5000 . ":z\nn\0ul:1\nlong:" . 'p' x 4091 . "\n:empty\nlast:end";
	my @attempts = map { my $login = $_; map { [ $login, $_ ] } qw(1 2 x z end empty), 'p' x 200 } 'ann', 'b', '#c', 'nocolon', 'y' x 300, 'long', 'last', 'end';
	put_users($odd);
	my @without = map { my $got = Poppasswd::login(@$_); "$got->{exit} $got->{reason}" } @attempts;
	is index_users()->{exit}, 0, 'an odd file';
	my @with = map { my $got = Poppasswd::login(@$_); "$got->{exit} $got->{reason}" } @attempts;
	is_deeply \@with, \@without, '... with the index as without';
	is scalar(grep { /^0/ } @with), 2, '... two of these logins are right';
	like Poppasswd::login('ann', '1')->{warning}, qr/lines skipped .*: 3, the first is line 6"?$/, '... the warning of skipped lines is the same';
}

# The text changes behind its back, in every way that tools and people have.
my %change = (
	'a user is added' => sub { append($path, "new:fresh\n") },
	'written anew in place, same size' => sub { (my $other = $text) =~ s/^user7:secret7$/new:freshxxx/m; overwrite($path, $other) },
	'... and its time set back' => sub {
		my @time = (stat $path)[ 8, 9 ];
		(my $other = $text) =~ s/^user7:secret7$/new:freshxxx/m;
		overwrite($path, $other);
		utime @time, $path;
	},
	'another file in its place, with its time' => sub {
		my @time = (stat $path)[ 8, 9 ];
		(my $other = $text) =~ s/^user7:secret7$/new:freshxxx/m;
		write_file("$path.other", $other, 0400);
		utime @time, "$path.other";
		rename "$path.other", $path;
	},
	'cut off' => sub { truncate $path, 100 },
	'touched' => sub { utime undef, undef, $path },
	'empty' => sub { truncate $path, 0 },
);
sub append { chmod 0600, $_[0]; open my $file, '>>', $_[0] or die; print {$file} $_[1]; close $file; chmod 0400, $_[0] }
sub overwrite { open my $file, '+<', $_[0] or die; print {$file} $_[1]; close $file }
for my $name (sort keys %change) {
	fresh();
	$change{$name}->();
	my %expected = map { /^([^:]+):(.*)$/ ? ($1 => $2) : () } split /\n/, users();
	my $got = Poppasswd::login('user1', 'secret1');
	is $got->{exit}, $expected{user1} ? 0 : 1, "$name: a user who stayed";
	like $got->{warning}, qr/users\.cdb was not made from the file of users as it is now; .* run poppasswd index/, '... with a warning';
	is Poppasswd::login('user7', 'secret7')->{exit}, $expected{user7} ? 0 : 1, '... a user who was deleted';
	is Poppasswd::login('new', 'fresh')->{exit}, ($expected{new} // '') eq 'fresh' ? 0 : 1, '... a user who is new';
	is Poppasswd::login('new', 'freshxxx')->{exit}, ($expected{new} // '') eq 'freshxxx' ? 0 : 1, '... a user who is new, in the same bytes';
}

# A change right after the index was made, again and again: within one tick of the clock, too.
{
	my @faults;
	for my $round (1 .. 40) {
		put_users("ann:one\nbob:two\n", 0600);
		is index_users()->{exit}, 0, 'poppasswd index' if $round == 1;
		index_users();
		overwrite($path, "ann:one\neve:two\n");
		push @faults, "round $round" if logs_in('bob', 'two') || !logs_in('eve', 'two');
	}
	is_deeply \@faults, [], 'a change of the same size right after poppasswd index is seen';
	@faults = ();
	for my $round (1 .. 40) {
		put_users("ann:one\nbob:two\n", 0600);
		index_users();
		poppasswd('lock', 'ann');
		overwrite($path, "ann:!one\neve:two\n");
		push @faults, "round $round" if logs_in('bob', 'two') || !logs_in('eve', 'two') || logs_in('ann', 'one');
	}
	is_deeply \@faults, [], '... and right after a command that refreshed it';
}

# The commands refresh it when it exists, and do not make one.
{
	put_users("ann:one\nbob:two\n");
	poppasswd({ stdin => "three\n" }, 'add', 'cid', '--stdin');
	ok !-e $cdb, 'no command makes an index but poppasswd index';
	index_users();
	for my $case ([ [ 'add', 'dan', '--stdin' ], 'dan', 0 ], [ [ 'passwd', 'bob', '--stdin' ], 'bob', 0 ], [ [ 'lock', 'bob' ], 'bob', 1 ], [ [ 'unlock', 'bob' ], 'bob', 0 ],
		[ [ 'del', 'bob' ], 'bob', 1 ], [ [ 'import', '--format', 'plain', '-' ], 'pw', 0, "pw:pw\n" ]) {
		my ($arguments, $login, $exit, $stdin) = @$case;
		is poppasswd({ stdin => $stdin // "pw\n" }, @$arguments)->{exit}, 0, "@$arguments";
		my $got = Poppasswd::login($login, 'pw');
		is_deeply [ @{$got}{qw(exit warning)} ], [ $exit, undef ], '... the index matches' or diag $got->{log};
		is uses_index($login, 'pw'), 'index', '... and is used' if $strace;
	}
	is poppasswd('check')->{exit} . poppasswd('check')->{out}, "1$path:1: warning: plaintext: ann: the password itself is stored; {CRAM-MD5} serves PLAIN and CRAM-MD5, too\n4 users, 0 errors, 1 warnings\n", 'check has no objection to it';
	utime undef, undef, $path;
	like poppasswd('check')->{out}, qr/warning: index: /, '... until the text is touched';
}

# An index that is damaged. Its head may still match: all of it is written anew here.
sub with_index {
	my ($name, $bytes, %want) = @_;
	put_users($text, 0600) if !defined users();
	write_file($cdb, $bytes, 0400);
	my @got = map { Poppasswd::login(@$_) } [ 'user1', 'secret1' ], [ 'user200', 'secret200' ], [ 'user1', 'secret2' ], [ 'nobody', 'secret1' ];
	is join(' ', map { $_->{exit} } @got), $want{exits} // '0 0 1 1', $name or diag $got[0]{log};
	return $got[0]{warning};
}
fresh();
my $good = read_file($cdb);
sub patched { my ($at, $bytes) = @_; my $copy = $good; substr $copy, $at, length $bytes, $bytes; return $copy }
sub head { return substr $good, $data_at, 96 }
{
	like with_index('empty', ''), qr/damaged/, '... with a warning';
	like with_index('zeros', "\0" x length $good), qr/damaged/, '... with a warning';
	like with_index('a byte more', "$good\0"), qr/damaged/, '... with a warning';
	like with_index("cut to $_ bytes", substr $good, 0, $_), qr/damaged/, '... with a warning' for 1, 2047, 2048, 2100, 4096, length($good) - 1;
	like with_index('another version', patched($data_at, 'poppasswd-index2')), qr/another version/, '... with a warning';
	like with_index('another key', patched($data_at - 1, 'X')), qr/another version/, '... with a warning';
	is with_index('whole again', $good), undef, '... without a warning';
	like with_index('no tables', patched(0, "\0" x 2048)), qr/damaged/, '... with a warning';
	like with_index('tables beyond the end', patched(0, pack('VV', 0x7fffffff, 8) x 256)), qr/damaged/, '... with a warning';
	# Each bit of the head is part of the identity but for decoys and skipped lines.
	my @faults;
	for my $byte (16 .. 71) {
		my $copy = $good;
		substr($copy, $data_at + $byte, 1) ^= "\1";
		write_file($cdb, $copy, 0400);
		my $got = Poppasswd::login('user1', 'secret1');
		push @faults, $byte if $got->{exit} != 0 || !defined $got->{warning};
	}
	is_deeply \@faults, [], 'a changed bit in the identity: not used, and a warning';
}

# An index whose head matches, and whose records lie: made by a hand that wants to let somebody in.
sub lying {
	my (@records) = @_;
	my $bytes = cdb_of([ ':index', substr $good, $data_at, 96 + 1024 * 8 ], @records);
	substr $bytes, $data_at + 16 + 6 * 8, 8, pack 'Q<', length $bytes;
	return $bytes;
}
my $line2 = index $text, "user2:";
{
	my @true = map { [ "user$_", pack 'Q<', index $text, "user$_:" ] } 1 .. 200;
	is with_index('records in another order', lying(reverse @true)), undef, '... no warning';
	my %lies = (
		'the line of another user' => $line2,
		'the middle of a line' => 3,
		'the byte before the line' => $line2 - 1,
		'the end of the text' => length $text,
		'beyond it' => 1 << 40,
		'the greatest number' => ~0,
	);
	for my $name (sort keys %lies) {
		my $bytes = lying([ 'user1', pack 'Q<', $lies{$name} ], @true[ 1 .. 199 ]);
		like with_index("an offset that is $name", $bytes), qr/damaged/, '... a warning, and all lines are read';
	}
	like with_index('an offset of 4 bytes', lying([ 'user1', pack 'V', 0 ], @true[ 1 .. 199 ])), qr/damaged/, '... a warning';
	like with_index('an offset of 100 bytes', lying([ 'user1', 'x' x 100 ], @true[ 1 .. 199 ])), qr/damaged/, '... a warning';
	# A line in whose middle another login stands.
	put_users("a:x:user1:pw\nuser1:real\n");
	index_users();
	$good = read_file($cdb);
	write_file($cdb, lying([ 'user1', pack 'Q<', 4 ], [ 'a', pack 'Q<', 0 ]), 0400);
	ok !logs_in('user1', 'pw') && logs_in('user1', 'real'), 'a login in the middle of a line is none';
	# A user who is not in the text.
	write_file($cdb, lying([ 'user1', pack 'Q<', 13 ], [ 'eve', pack 'Q<', 0 ], [ 'ev', pack 'Q<', 13 ]), 0400);
	ok refused($_, 'real') && refused($_, 'x'), "$_ is only in the index" for 'eve', 'ev';
	# Tables that lead in circles: no empty slot, and every slot with the hash of the login.
	my $bytes = lying([ 'user1', pack 'Q<', 13 ]);
	my ($table, $slots) = unpack 'VV', substr $bytes, 8 * (cdb_hash('user1') & 255), 8;
	my $loop = $bytes;
	substr $loop, $table, 8 * $slots, pack('VV', cdb_hash('user1'), 2048) x $slots;
	write_file($cdb, $loop, 0400);
	my $began = Time::HiRes::time();
	ok refused('user1', 'x'), 'every slot leads to another record: an end is found';
	cmp_ok Time::HiRes::time() - $began, '<', 50, '... in time';
}

# Whose it is, and what others may do to it, counts as for the text.
SKIP: {
	put_users("ann:one\n");
	index_users();
	chmod 0646, $cdb;
	my $got = Poppasswd::login('ann', 'one');
	is $got->{exit}, 0, 'an index that everybody may write to: not used';
	like $got->{warning}, qr/others may write to it.*run poppasswd index/, '... with a warning';
	unlink $cdb;
	mkdir $cdb;
	is Poppasswd::login('ann', 'one')->{exit}, 0, 'a directory in its place';
	like Poppasswd::login('ann', 'one')->{warning}, qr/not a regular file/, '... with a warning';
	rmdir $cdb;
	POSIX::mkfifo($cdb, 0400);
	is Poppasswd::login('ann', 'one')->{exit}, 0, 'a FIFO in its place';
	unlink $cdb;
	is Poppasswd::login('ann', 'one')->{warning}, undef, 'none: no warning';
	skip 'only root can give files away', 1 if $> != 0;
	index_users();
	chown 61_301, -1, $cdb;
	chown 61_302, -1, $path;
	chmod 0755, scratch();
	# As the owner of the text, who does not own the index.
	my $conf = write_file(scratch() . '/conf61302', "file = $path\nlog = stderr\n", 0644);
	$got = attempt(message => "ann\0one\0\0", env => { CHECKPW_CONF => $conf }, before => [ qw(setpriv --reuid=61302 --regid=61302 --clear-groups --) ], subprogram => ['/bin/true']);
	like $got->{log}, qr/Permission denied|owner is uid 61301/, 'an index of somebody else: not used, and a warning';
	is $got->{exit}, 0, '... and ann logs in';
}
unlink $cdb;

# A million users take little memory, also under softlimit.
SKIP: {
	skip 'softlimit (daemontools) is not installed', 1 if !grep { -x "$_/softlimit" } qw(/usr/bin /usr/sbin);
	skip 'a sanitizer needs more memory', 1 if build_dir() =~ m{/san$};
	put_users(join '', map { "user$_:secret$_\n" } 1 .. 300_000);
	my $got = poppasswd({ before => [ 'softlimit', '-d', 67108864 ] }, 'index');
	is_deeply [ $got->{exit}, $got->{out} ], [ 0, "300000 logins\n" ], '300 000 users under a limit of 64 MiB' or diag $got->{err};
	my $login = Poppasswd::login('user300000', 'secret300000', before => [ 'softlimit', '-m', 7340032 ]);
	is_deeply [ @{$login}{qw(exit warning)} ], [ 0, undef ], 'a login under softlimit -m 7340032, the index being larger than that';
}
done_testing;
