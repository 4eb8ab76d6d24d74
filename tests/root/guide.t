# The walk of the guide, in a copy of the tree and in namespaces in which /etc, /usr/local and the
# network are this test's own. tests/dist/bookworm does the same on a bare Debian.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use Test::More;

plan skip_all => 'needs root, to install' if $> != 0;
plan skip_all => 'a sanitized build is not installed' if read_file(checker()) =~ /__asan_init/;
$ENV{PATH} = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
for my $tool (qw(qpsmtpd-forkserver swaks tcprules softlimit mkpasswd fail2ban-client ip setpriv)) {
	plan skip_all => "$tool is not installed" if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
own_namespace();
delete @ENV{qw(MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL DESTDIR)};
$SIG{ALRM} = sub { die "the walk does not end\n" };
alarm 240;

my $dir = scratch();
my $root = "$FindBin::Bin/../..";
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc local tree log);
must('cp', '-a', '/etc/.', "$dir/etc");
must('sh', '-c', "tar -C '$root' -cf - --exclude=./.git --exclude=./build/san . | tar -C $dir/tree -xf -");
mount_on('/etc', '--bind', "$dir/etc");
mount_on('/usr/local', '--bind', "$dir/local");
mount_on('/var/log', '--bind', "$dir/log");
mount_on('/var/spool/qpsmtpd', '-t', 'tmpfs', '-o', 'mode=0700,uid=' . getpwnam('qpsmtpd'), 'tmpfs');
mount_on('/var/lib', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs');
mkdir '/usr/local/bin';
my $status = system "unshare --net --pid --fork --kill-child sh -c 'ip link set lo up && cd $dir/tree && exec tests/guide/walk doc/guide.md' " .
  ">$dir/said 2>&1 </dev/null";
is $status, 0, 'the walk of the guide' or diag join "\n", (split /\n/, read_file("$dir/said"))[ -40 .. -1 ];
my $said = read_file("$dir/said");
like $said, qr/^set environment variable RELAYCLIENT=$/m, 'a trusted network relays';
like $said, qr/^deny connection$/m, 'another one is shut out';
like $said, qr/^cmd5checkpw\[\d+\]: auth-fail service=smtp ip=192\.0\.2\.1 mech=plain reason=mismatch user="joe"$/m,
  'the log line is the one that the guide shows';
like $said, qr/^<\*\* 550 /m, 'no relaying without AUTH';
like $said, qr/^<\*\* 535 /m, 'no AUTH with a wrong password';
done_testing;
