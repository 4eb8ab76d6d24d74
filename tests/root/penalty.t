# The penalty under set-id bits and on full disks: opened before the ids are given up, written after
# it, and shared by programs that run as different users.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use Test::More;

plan skip_all => 'needs root, to make set-id programs' if $> != 0;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
own_namespace();

$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 120;

my ($checkpw, $mail) = (61_101, 61_102);
my @as_mail = ('setpriv', "--reuid=$mail", "--regid=$mail", '--clear-groups', '--');
my $dir = scratch();
my $conf = '/etc/checkpw/cmd5checkpw.conf';
my $size = 524_288;
my $new = 0;

# /tmp may be mounted without set-id bits; and /etc and /var/lib are those of the test.
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc lib bin users);
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
mount_on('/var/lib', '--bind', "$dir/lib");
mkdir '/etc/checkpw';
mkdir '/var/lib/checkpw', 0700 or die "mkdir: $!";
chown $checkpw, $checkpw, '/var/lib/checkpw';
my $file = '/var/lib/checkpw/penalty';
write_file('/etc/poppasswd', "joe:secret\n", 0400);
chown $checkpw, $checkpw, '/etc/poppasswd';

sub copy {
	my ($name, $mode, $of) = @_;
	write_file("$dir/bin/$name", read_file(checker($of)));
	chown $checkpw, $checkpw, "$dir/bin/$name";
	chmod $mode, "$dir/bin/$name";
	return "$dir/bin/$name";
}
my $set_uid = copy('set-uid', 06755);
my $plain = copy('plain', 0755);

sub try {
	my ($password, %given) = @_;
	write_file($conf, "log = stderr\npenalty = yes\n" . ($given{config} // "deadline = 5\n"), 0644);
	return attempt(message => "joe\0$password\0\0", before => \@as_mail, program => [$set_uid], subprogram => [ build_dir() . '/tests/probe', "$dir/users/out", $file ],
		%given, env => { CHECKPW_CONF => $conf, TCPREMOTEIP => '192.0.2.1' });
}
sub wrong { my (%given) = @_; return try('wrong' . $new++, %given) }
sub failures { return qx{"@{[ build_dir() ]}/bin/checkpw-test" --penalty -f $file 2>&1} =~ /^address 192\.0\.2\.1 failures=(\d+) /m ? $1 : 0 }

chmod 0777, "$dir/users";
for (1 .. 3) {
	my $got = wrong();
	is_deeply [ $got->{exit}, $got->{line}{reason}, scalar $got->{log} =~ /warning/ ], [ 1, 'mismatch', '' ], 'set-uid: refused' or diag $got->{log};
}
my @status = stat $file;
is_deeply [ $status[2] & 07777, $status[4], $status[7] ], [ 0600, $checkpw, $size ], '... the file belongs to the owner of the program';
is failures(), 3, '... and counts';
{
	my $got = wrong(config => '');
	is $got->{line}{wait}, 8, '... a wait';
	$got = try('secret');
	is $got->{exit}, 0, '... accepted';
	is failures(), 0, '... and cleared, with the ids given up';
	my $found = read_file("$dir/users/out") // '';
	like $found, qr/^uid $mail $mail $mail$/m, '... the subprogram has the ids of the mail user';
	like $found, qr/^open \Q$file\E Permission denied$/m, '... and cannot open the file';
	my ($descriptors) = $found =~ /^descriptors (.*)$/m;
	(my $direct = attempt(program => [], message => '')->{probe}{descriptors}) =~ s/ 3\b//;
	is $descriptors, $direct, '... nor has a descriptor of it';
}
{
	chown 0, 0, '/etc/poppasswd';
	chmod 0444, '/etc/poppasswd';
	my $got = try('secret', program => [$plain]);
	is $got->{exit}, 0, 'without the set-uid bit, and a store that all can read: accepted';
	like $got->{log}, qr/warning detail="penalty: \Q$file\E: Permission denied \(as uid $mail\); nobody waits"/, '... with a warning';
	chown $checkpw, $checkpw, '/etc/poppasswd';
	chmod 0400, '/etc/poppasswd';
}
{
	# Root's checker makes the file for the owner of the directory, and uses what he made.
	unlink $file;
	my $root = wrong(before => [], program => [$plain]);
	is_deeply [ $root->{exit}, (stat $file)[4], (stat _)[2] & 07777 ], [ 1, $checkpw, 0600 ], 'root makes the file for the owner of the directory'
	  or diag $root->{log};
	is_deeply [ scalar wrong()->{log} =~ /warning/, failures() ], [ '', 2 ], '... who counts on in it';
	is_deeply [ scalar wrong(before => [], program => [$plain])->{log} =~ /warning/, failures() ], [ '', 3 ], '... and root in his';
}
{
	# What an owner of the directory might do to root: links to files of root's.
	my $victim = write_file('/etc/victim', '');
	unlink $file;
	symlink $victim, $file;
	like wrong(before => [], program => [$plain])->{log}, qr/warning detail="penalty: \Q$file\E: Too many levels/, 'root follows no symbolic link';
	is -s $victim, 0, '... which would be overwritten';
	unlink $file;
}

# ---- a full disk ----

sub verdicts {
	my ($name, $warning) = @_;
	for my $case ([ 'secret', 0, 'ok' ], [ 'wrong' . $new++, 1, 'mismatch' ]) {
		my ($password, $exit, $reason) = @$case;
		my $got = try($password);
		is_deeply [ $got->{exit}, $got->{line}{reason} ], [ $exit, $reason ], "$name: $reason" or diag $got->{log};
		like $got->{log}, qr/warning detail="[^"]*$warning[^"]*; nobody waits"\n/, '... with a warning' if $exit;
	}
	return;
}
{
	mount_on('/var/lib/checkpw', '-t', 'tmpfs', '-o', "size=4k,mode=0700,uid=$checkpw,gid=$checkpw", 'tmpfs');
	write_file('/var/lib/checkpw/full', 'x' x 4096);
	verdicts('a disk that is full', 'No space left on device');
	unlink '/var/lib/checkpw/full';
	must('mount', '-o', 'remount,size=8k', '/var/lib/checkpw');
	verdicts('a disk that gets full', 'No space left on device');
	must('mount', '-o', 'remount,size=1m', '/var/lib/checkpw');
	wrong() for 1 .. 2;
	cmp_ok failures(), '>=', 2, '... and counts when there is room';
	must('mount', '-o', 'remount,ro', '/var/lib/checkpw');
	verdicts('a disk that cannot be written', 'Read-only file system');
}
done_testing;
