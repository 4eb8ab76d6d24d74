# The README's way from nothing to a login with MariaDB, in a copy of the tree and in a namespace in which
# /etc, /run and /usr/local are this test's own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use MariaDB;
use Namespace;
use Test::More;

plan skip_all => 'needs root, to install' if $> != 0;
plan skip_all => 'a sanitized build is not installed' if read_file(checker()) =~ /__asan_init/;
own_namespace();
need_mariadb();
delete @ENV{qw(MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL DESTDIR)};
$ENV{PATH} = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$SIG{ALRM} = sub { die "the walk does not end\n" };
alarm 240;

my $dir = scratch();
my $root = "$FindBin::Bin/../..";
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc local tree);
must('cp', '-a', '/etc/.', "$dir/etc");
must('sh', '-c', "tar -C '$root' -cf - --exclude=./.git --exclude=./build/san . | tar -C $dir/tree -xf -");
mount_on('/etc', '--bind', "$dir/etc");
mount_on("$dir/local", '-t', 'tmpfs', '-o', 'mode=0755,suid,exec', 'tmpfs');
mount_on('/usr/local', '--bind', "$dir/local");
mount_on('/run', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs');
mkdir '/usr/local/bin';
mkdir '/run/mysqld' or die "mkdir: $!";
must('useradd', '--system', '--user-group', 'qmaild') if !getpwnam 'qmaild';

my $server = MariaDB->new('main');
symlink $server->{socket}, '/run/mysqld/mysqld.sock' or die "symlink: $!";
chmod 0755, $dir, $server->{dir} or die "chmod: $!";
must('sh', '-c', "cd $dir/tree && make install install-setuid GROUP=qmaild >$dir/installed 2>&1 </dev/null");

local $ENV{EDITOR} = 'true';
my $status = system "cd $dir/tree && tests/guide/walk README.md >$dir/said 2>&1 </dev/null";
my $said = read_file("$dir/said");
is $status, 0, 'the walk of the README' or diag $said;
is(() = $said =~ m{^S3 +\S+ +accepted +exit 0 }mg, 3, 'joe logs in by PLAIN, LOGIN and CRAM-MD5') or diag $said;
unlike $said, qr/^problem/m, 'the doctor has no complaint' or diag $said;
is sprintf('%04o', (stat '/usr/local/bin/checkpw-mysql')[2] & 07777), '4750', 'the set-uid bit is there';

my $wrong = `echo wrong | checkpw-test --stdin --as qmaild -u joe\@example.org /usr/local/bin/checkpw-mysql 2>&1`;
like $wrong, qr/^\S+ +plain +refused +exit 1 /m, 'a wrong password is refused' or diag $wrong;
done_testing;
