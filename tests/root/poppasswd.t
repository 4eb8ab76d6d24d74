# poppasswd where only root can set it up: a full disk, a directory that cannot be written, other
# owners and ACLs, the user checkpw. In a mount namespace with a disk of its own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use Poppasswd;
use Test::More;

plan skip_all => 'needs root' if $> != 0;
own_namespace();

my $scratch = scratch();
my $dir = "$scratch/disk";
mkdir $dir;
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=0755,size=2m', 'tmpfs');
my $path = $Poppasswd::path = "$dir/users";
my $context = '{CRAM-MD5}' . cram_context('secret');
my ($someone, $group) = (61_401, 61_402);

sub attributes { my @status = stat $path; return sprintf '%d:%d %04o', @status[ 4, 5 ], $status[2] & 07777 }
sub left_over { return grep { !m{/\.users\.lock$} } glob "$dir/.users*" }
sub add { my ($given, @more) = @_; return poppasswd({ stdin => "secret\n", %$given }, 'add', 'joe', '--stdin', @more) }

# A full disk, at every amount of room that is left.
{
	my $text = join '', map { "user$_:{PLAIN}secret$_\n" } 1 .. 10_000;
	put_users($text);
	my %ended;
	for my $room (map { $_ * 16 } 0 .. 30) {
		unlink "$dir/fill";
		my $free = (split ' ', (split /\n/, `df --block-size=1024 '$dir'`)[1])[3];
		my $fill = $free - $room;
		open my $file, '>', "$dir/fill" or die "$dir/fill: $!";
		syswrite $file, "\0" x ($fill * 1024);
		close $file;
		my $got = add({});
		my $state = users() eq $text ? 'old' : users() eq "${text}joe:$context\n" ? 'new' : 'other';
		$ended{"$got->{exit} $state"}++;
		fail "room for $room KB: exit $got->{exit}, the file is $state: $got->{err}" if $state eq 'other' || ($got->{exit} == 0) != ($state eq 'new') || $got->{exit} !~ /^(?:0|111)$/;
		fail "room for $room KB: " . $got->{err} if $got->{exit} == 111 && $got->{err} !~ /No space left on device/;
		fail "left over: " . join ' ', left_over() if left_over();
		put_users($text);
	}
	unlink "$dir/fill";
	cmp_ok $ended{'111 old'} // 0, '>', 5, 'a full disk: the old file' or diag explain \%ended;
	cmp_ok $ended{'0 new'} // 0, '>', 2, '... or, with room, the new one';
}

# Owner, group, mode, ACL.
for my $case ([ $someone, $group, 0400 ], [ $someone, 0, 0440 ], [ 0, $group, 0640 ], [ $someone, $group, 0600 ]) {
	my ($uid, $gid, $mode) = @$case;
	put_users("ann:1\n");
	chown $uid, $gid, $path;
	chmod $mode, $path;
	my $before = attributes();
	is add({})->{exit}, 0, sprintf 'a file of %d:%d, mode %04o', $uid, $gid, $mode;
	is attributes(), $before, '... keeps owner, group and mode';
	is users(), "ann:1\njoe:$context\n", '... and is changed';
}
SKIP: {
	skip 'setfacl (acl) is not installed', 1 if !-x '/usr/bin/setfacl';
	put_users("ann:1\n");
	skip 'no ACLs on a tmpfs here', 1 if system('setfacl', '-m', "u:$someone:r,g:$group:r", $path) != 0;
	my $before = `getfacl --numeric --absolute-names '$path'`;
	is add({})->{exit}, 0, 'a file with an ACL';
	is `getfacl --numeric --absolute-names '$path'`, $before, '... keeps it';
	index_users();
	like `getfacl --numeric --absolute-names '$path.cdb'`, qr/^user:$someone:r--$/m, '... the index has it, too';
	# What the directory would give to new files, the old one did not have.
	must('setfacl', '-d', '-m', "u:$someone:rwx", $dir);
	put_users("ann:1\n");
	must('setfacl', '-b', $path);
	is add({})->{exit}, 0, "a directory's default ACL";
	unlike `getfacl --numeric --absolute-names '$path'`, qr/$someone/, '... gives the new file nothing';
	put_users(undef);
	add({});
	unlike `getfacl --numeric --absolute-names '$path'`, qr/$someone/, '... nor the first one';
	must('setfacl', '-k', $dir);
}

# The first file belongs to checkpw, if there is one; check wants it so.
{
	write_file("$scratch/passwd", join('', grep { !/^checkpw:/ } split /^/, read_file('/etc/passwd')) . "checkpw:x:$someone:${group}::/nonexistent:/usr/sbin/nologin\n", 0644);
	mount_on('/etc/passwd', '--bind', "$scratch/passwd");
	put_users(undef);
	is add({})->{exit}, 0, 'the first add, with a user checkpw';
	is attributes(), "$someone:" . (stat $dir)[5] . ' 0400', '... makes a file of his, mode 0400';
	is poppasswd('check')->{exit}, 0, '... which check likes';
	chown 0, -1, $path;
	like poppasswd('check')->{out}, qr/^\Q$path\E: error: owner: it should belong to checkpw/m, '... and not one of root';
	put_users("ann:1\n");
	index_users();
	is((stat "$path.cdb")[4], 0, 'the index belongs to the owner of the text');
	chown $someone, -1, $path;
	is poppasswd('lock', 'ann')->{exit}, 0, 'a change';
	is join(' ', map { (stat)[4] } $path, "$path.cdb"), "$someone $someone", '... gives both to the owner of the text';
	is sprintf('%o', (stat "$path.cdb")[2] & 07777), '400', '... with mode 0400';
}

# A directory that is somebody else's: what he makes of a name there, root does not follow.
{
	my $theirs = "$dir/theirs";
	mkdir $theirs or die "mkdir: $!";
	my $victim = write_file("$dir/victim", "root:x\n", 0644);
	write_file("$theirs/users", "ann:1\n", 0400);
	symlink $victim, "$theirs/users.cdb" or die "symlink: $!";
	symlink $victim, "$theirs/link" or die "symlink: $!";
	symlink "$theirs/users", "$dir/link" or die "symlink: $!";
	chown $someone, $group, $theirs, "$theirs/users";
	must('chown', '-h', "$someone:$group", "$theirs/users.cdb", "$theirs/link");
	my $got = poppasswd({ file => "$theirs/users" }, 'lock', 'ann');
	is_deeply [ $got->{exit}, read_file("$theirs/users") ], [ 0, "ann:!1\n" ], "a file in another's directory is changed";
	ok !-l "$theirs/users.cdb", '... the link in the place of its index is replaced' or diag $got->{err};
	is_deeply [ read_file($victim), (stat $victim)[4] ], [ "root:x\n", 0 ], '... and what it led to is as it was';
	$got = poppasswd({ file => "$theirs/link", stdin => "secret\n" }, 'add', '--stdin', 'joe');
	is $got->{exit}, 111, 'a link in the place of the file';
	like $got->{err}, qr/\Q$theirs\E\/link: is a symbolic link that others could have made/, '... is refused';
	is read_file($victim), "root:x\n", '... and nothing is changed';
	$got = poppasswd({ file => "$dir/link" }, 'unlock', 'ann');
	is_deeply [ $got->{exit}, read_file("$theirs/users"), -l "$dir/link" ], [ 0, "ann:1\n", 1 ], 'a link of root in a directory of root is followed' or diag $got->{err};
	unlink $victim, "$dir/link";
	must('rm', '-r', $theirs);
}

# Who has no rights.
{
	my @as = ('setpriv', "--reuid=$someone", "--regid=$group", '--clear-groups', '--');
	# As that user the program must be reachable.
	must('cp', checker('poppasswd'), "$scratch/poppasswd");
	my $run = sub { return poppasswd({ file => $path, before => \@as, program => "$scratch/poppasswd", stdin => "secret\n" }, @_) };
	put_users("ann:1\n");
	chown 0, 0, $path;
	my $got = $run->('list');
	is $got->{exit}, 111, 'a stranger may not list';
	like $got->{err}, qr/^poppasswd: \Q$path\E: Permission denied/, '... and is told';
	chmod 0444, $path;
	unlink "$dir/.users.lock";
	$got = $run->('lock', 'ann');
	is_deeply [ $got->{exit}, users() ], [ 111, "ann:1\n" ], '... nor change it';
	like $got->{err}, qr/its lock, \.users\.lock beside it: Permission denied/, '... and is told';
	# Who owns the file, but not the directory.
	write_file("$dir/.users.lock", '', 0600);
	chown $someone, -1, "$dir/.users.lock", $path;
	chmod 0400, $path;
	$got = $run->('lock', 'ann');
	is_deeply [ $got->{exit}, users() ], [ 111, "ann:1\n" ], 'a directory without permission';
	like $got->{err}, qr/making a new file beside it: Permission denied/, '... and that is said';
	# A directory of his own, with a file whose owner he cannot keep.
	mkdir "$dir/own";
	chown $someone, $group, "$dir/own";
	write_file("$dir/own/users", "ann:1\n", 0444);
	$path = "$dir/own/users";
	$got = $run->('lock', 'ann');
	is $got->{exit} . read_file($path), "111ann:1\n", "somebody else's file";
	like $got->{err}, qr/owner/, '... and that is said' or diag $got->{err};
	is join(' ', glob "$dir/own/.users.*new"), '', '... nothing is left';
	unlink $path;
	is $run->('add', '--stdin', 'joe')->{exit}, 0, 'a file of his own is made';
	is join(':', (stat $path)[ 4, 5 ]), "$someone:$group", '... and is his';
	is $run->('check')->{exit}, 0, '... which check likes';
}

# A directory that is mounted read-only.
{
	$path = users_path();
	put_users("ann:1\n");
	must('mount', '-o', 'remount,ro', $dir);
	my $got = add({});
	must('mount', '-o', 'remount,rw', $dir);
	is_deeply [ $got->{exit}, users() ], [ 111, "ann:1\n" ], 'a file system that is read-only';
	like $got->{err}, qr/Read-only file system/, '... and that is said';
}
done_testing;
