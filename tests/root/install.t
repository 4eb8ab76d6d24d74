# make install, install-setuid and uninstall: on a machine that has nothing, and on one whose set-uid
# program, users and configuration must survive.
#
# Everything happens in a mount namespace with a copy of /etc, and in a copy of the tree.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use Test::More;

plan skip_all => 'needs root, to make users and set-id programs' if $> != 0;
plan skip_all => 'a sanitized build is not installed' if read_file(checker()) =~ /__asan_init/;
own_namespace();
delete @ENV{qw(MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL DESTDIR)};
$ENV{PATH} = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

my $nobody = 65_534;
my $dir = scratch();
my $root = "$FindBin::Bin/../..";
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc tree own);
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
must('sh', '-c', "tar -C '$root' -cf - --exclude=./.git --exclude=./build/san . | tar -C $dir/tree -xf -");
must('chown', '-R', "$nobody:$nobody", "$dir/tree", "$dir/own");
my $make = "make -C $dir/tree PREFIX=$dir/usr";

sub run { my ($command) = @_; my $said = `$command 2>&1`; return { exit => $? >> 8, said => $said } }

sub mode { my ($path) = @_; my @status = stat $path or return 'absent'; return sprintf '%o %d:%d', $status[2] & 07777, @status[ 4, 5 ] }

sub files { my ($where) = @_; return [ sort grep { length } split /\n/, `cd $where && find . ! -type d` ] }

# ---- into a folder, as nobody --------------------------------------------------------------------

my $as_nobody = "setpriv --reuid=$nobody --regid=$nobody --clear-groups $make DESTDIR=$dir/own";
my $got = run("$as_nobody install");
is $got->{exit}, 0, 'nobody installs into his own folder' or diag $got->{said};
my @programs = map { s{.*/}{}r } glob "$dir/tree/build/bin/*";
cmp_ok scalar @programs, '>=', 3, 'there are programs';
is mode("$dir/own$dir/usr/bin/$_"), "755 $nobody:$nobody", "... $_" for @programs;
my @manuals = map { s{.*/}{}r } glob "$dir/tree/{" . join(',', @programs) . '}/*.[58]';
for my $page (@manuals) {
	my ($section) = $page =~ /(\d)$/;
	is mode("$dir/own$dir/usr/share/man/man$section/$page"), "644 $nobody:$nobody", "... $page";
}
is run("$as_nobody install-setuid")->{exit}, 2, 'install-setuid with DESTDIR is refused';
write_file("$dir/own/etc/checkpw/cmd5checkpw.conf", "log = none\n");
is run("$as_nobody uninstall")->{exit}, 0, 'nobody removes it';
is_deeply files("$dir/own"), ['./etc/checkpw/cmd5checkpw.conf'], '... all but the configuration';

# ---- on the machine ------------------------------------------------------------------------------

my $program = "$dir/usr/bin/cmd5checkpw";
is run("$make install-setuid")->{exit}, 2, 'install-setuid before install is refused';
is run("$make install")->{exit}, 0, 'root installs';
is mode($program), '755 0:0', '... without a set-uid bit';
is run("setpriv --reuid=$nobody --regid=$nobody --clear-groups $make install-setuid")->{exit}, 2, 'install-setuid as nobody is refused';
is run("$make install-setuid GROUP=no-such-group")->{exit}, 2, '... for a group that there is not, too';
ok !-e '/etc/poppasswd' && !defined getpwnam 'checkpw', '... and none of them made anything';

my $sysusers = -x '/usr/bin/systemd-sysusers';
for my $how ($sysusers ? 'systemd-sysusers' : (), 'useradd') {
	mount_on('/usr/bin/systemd-sysusers', '--bind', '/dev/null') if $how eq 'useradd' && $sysusers;
	run('userdel checkpw; groupdel checkpw; rm -f /etc/poppasswd');
	$got = run("$make install-setuid");
	is $got->{exit}, 0, "install-setuid, $how" or diag $got->{said};
	like $got->{said}, qr/^user checkpw: made$/m, '... says that it made the user';
	my ($uid, $gid, $home, $shell) = (getpwnam 'checkpw')[ 2, 3, 7, 8 ];
	is "$home $shell", '/ /usr/sbin/nologin', '... who has no home and no shell';
	is mode($program), "4755 $uid:$gid", '... has the program, set-uid';
	is mode('/etc/poppasswd'), "400 $uid:$gid", '... and the file of users';
	is read_file('/etc/poppasswd'), '', '... which is empty';
}
my ($uid, $gid) = (getpwnam 'checkpw')[ 2, 3 ];
write_file('/etc/poppasswd', "joe:Kennwort-1\n");
chown $uid, $gid, '/etc/poppasswd';
chmod 0400, '/etc/poppasswd';
$got = run("$make install-setuid GROUP=mail");
is mode($program), "4750 $uid:" . getgrnam('mail'), 'again, for a group: only that group can run it';
like $got->{said}, qr{^user checkpw: kept\n/etc/poppasswd: kept}m, '... what was there is kept';
unlike $got->{said}, qr/warning/, '... and nothing is amiss';

# setpriv itself may run anything: it gives up root's capabilities only when it starts a program.
sub login {
	my ($group) = @_;
	return run("printf 'joe\\000Kennwort-1\\000\\000' | setpriv --reuid=$nobody --regid=$group --clear-groups env $program /bin/true 3<&0")->{exit};
}
is login('mail'), 0, 'a login by that group works';
is login($nobody), 126, '... and nobody else can run it';

# An upgrade: another program in the old one's place, with its owner and its bits.
my %before = map { $_ => mode($_) } $program, '/etc/poppasswd';
write_file('/etc/checkpw/cmd5checkpw.conf', "log = none\n", 0644);
my $inode = (stat $program)[1];
is run("$make install")->{exit}, 0, 'an upgrade';
is mode($program), $before{$program}, '... keeps owner, group and set-uid bit';
isnt((stat $program)[1], $inode, '... puts a new file in the place of the old one');
is login('mail'), 0, '... logins work on';
is read_file('/etc/checkpw/cmd5checkpw.conf'), "log = none\n", '... the configuration is kept';
is read_file('/etc/poppasswd'), "joe:Kennwort-1\n", '... and so are the users';
chmod 06711, "$dir/usr/bin/checkpw-passwd";
run("$make install");
is mode("$dir/usr/bin/checkpw-passwd"), '6711 0:0', '... any other mode, too';

chown 0, 0, '/etc/poppasswd';
like run("$make install-setuid")->{said}, qr{^/etc/poppasswd: warning: checkpw does not own it}m, 'install-setuid tells of a file of users that is not his';

is run("$make uninstall")->{exit}, 0, 'uninstall';
is_deeply files("$dir/usr"), [], '... leaves no program and no manual';
is_deeply [ map { s{.*/}{}r } glob '/etc/checkpw/*' ], ['cmd5checkpw.conf'], '... leaves the configuration';
is read_file('/etc/poppasswd'), "joe:Kennwort-1\n", '... the users';
is((getpwnam 'checkpw')[2], $uid, '... and the user checkpw');
done_testing;
