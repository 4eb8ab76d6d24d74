# Chains whose links are set-uid, or become users: ours and Debian's. In a mount namespace with an /etc
# and a /dev/log of its own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Fcntl;
use Namespace;
use Socket;
use Test::More;
use POSIX ();
use Time::HiRes qw(sleep time);

plan skip_all => 'needs root, to make set-id programs' if $> != 0;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
own_namespace();
$SIG{ALRM} = sub { die "a chain did not end\n" };
alarm 200;

my ($checkpw, $mail, $joe, $ann, $bob) = 61_401 .. 61_405;
my @as_mail = ('setpriv', "--reuid=$mail", "--regid=$mail", '--clear-groups', '--');
my $dir = scratch();
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=755,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc dev bin build build/bin build/tests);
must('cp', '-p', (map { checker($_) } qw(cmd5checkpw checkpw-passwd checkpw-chain)), "$dir/build/bin");
must('cp', '-p', (map { build_dir() . "/tests/$_" } qw(probe spawn standin)), "$dir/build/tests");
$ENV{CHECKPW_BUILD} = "$dir/build";
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
for my $device (qw(null zero full tty urandom)) {
	write_file("$dir/dev/$device", '');
	mount_on("$dir/dev/$device", '--bind', "/dev/$device");
}
mount_on('/dev', '--rbind', "$dir/dev");
socket my $log, AF_UNIX, SOCK_DGRAM, 0 or die "socket: $!";
bind $log, pack_sockaddr_un('/dev/log') or die "/dev/log: $!";
fcntl $log, F_SETFL, O_NONBLOCK;
chmod 0666, '/dev/log';
mkdir '/etc/checkpw';
chmod 0777, $dir;

my $gates = 0;

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner, $group, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

# joe in /etc/poppasswd, ann an account of the system, bob one of checkpw, cvm the same in a file.
my %id = (joe => $joe, ann => $ann, bob => $bob);
put('/etc/poppasswd', "joe:{PLAIN}secret\n", $checkpw, $checkpw, 0400);
{
	open my $passwd, '>>', '/etc/passwd' or die "passwd: $!";
	open my $shadow, '>>', '/etc/shadow' or die "shadow: $!";
	for my $name (qw(ann bob)) {
		my $home = "$dir/$name";
		print {$passwd} "$name:x:$id{$name}:$id{$name}::$home:/bin/sh\n";
		print {$shadow} "$name:", ($name eq 'ann' ? crypt 'secret', '$6$rounds=1000$saltsalt$' : '*'), ":19000:0:99999:7:::\n";
		for my $folder ($home, "$home/Maildir") {
			mkdir $folder, 0700 or die "$folder: $!";
			chown $id{$name}, $id{$name}, $folder;
		}
	}
	put("$dir/bob/Maildir/.password", "secret\n", $bob, $bob, 0600);
}
put("$dir/cvm", "eve:secret:$bob:$bob:Eve:$dir/bob:/bin/sh\n", 0, 0, 0644);
my $both = put("$dir/bin/cmd5checkpw", read_file(checker()), $checkpw, $mail, 04750);
my $system = put("$dir/bin/checkpw-passwd", read_file(checker('checkpw-passwd')), 0, $mail, 04750);
my $chain = put("$dir/bin/checkpw-chain", read_file(checker('checkpw-chain')), 0, 0, 0755);
my $conf = put("$dir/conf", "log = stderr\n", 0, 0, 0644);

sub run {
	my ($links, $login, %given) = @_;
	my $got = attempt(message => "$login\0" . ($given{password} // 'secret') . "\0\0", before => \@as_mail, %given,
		env => { CHECKPW_CONF => '/etc/checkpw/none.conf', CHECKPW_CHAIN_CONF => $given{conf} // $conf, CVM_PWFILE_PATH => "$dir/cvm", CVM_ACCOUNT_SPLIT_CHARS => '', %{ $given{env} || {} } },
		program => [ $given{chain} // $chain, @{$links}, '--' ]);
	my @syslog;
	while (defined recv $log, my $line, 65_536, 0) { push @syslog, $line }
	$got->{syslog} = join "\n", @syslog;
	$got->{end} = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	return $got;
}

# ---- set-uid links, started by the user of a mail server ----------------------------------------

for my $links ([ $both, $system ], [ $system, $both ]) {
	my $order = join ', ', map { m{([^/]+)$} } @{$links};
	my $got = run($links, 'joe');
	is_deeply [ $got->{end}, @{ $got->{probe} }{qw(uid gid groups)} ], [ '0 ran', "$mail $mail $mail", "$mail $mail $mail", '' ],
	  "$order: joe: the ids are the caller's" or diag $got->{log}, $got->{syslog};
	$got = run($links, 'ann');
	is_deeply [ $got->{end}, @{ $got->{probe} }{qw(uid gid groups cwd)} ], [ '0 ran', "$ann $ann $ann", "$ann $ann $ann", "$ann", "$dir/ann" ],
	  "$order: ann: set-uid root became her, though the chain cannot" or diag $got->{log}, $got->{syslog};
	is_deeply [ @{ $got->{env} }{qw(USER HOME)} ], [ 'ann', "$dir/ann" ], '... with her environment';
	is $got->{probe}{CapEff}, '0' x 16, '... and nothing more';
	$got = run($links, 'ann', password => 'wrong');
	is_deeply [ $got->{end}, $got->{line}{reason} ], [ 1, 'refused' ], "$order: a wrong password";
	is run($links, 'ann', subprogram => [ 'sh', '-c', 'exit 7' ])->{end}, 7, '... the subprogram\'s end comes back';
	is run($links, 'ann', subprogram => [ 'sh', '-c', 'kill -TERM $$' ])->{end}, 'signal 15', '... a signal too';
	unlike $got->{syslog} . $got->{log}, qr/wrong|secret/, '... no password in the logs';
}
{
	chmod 0400, '/etc/shadow';
	my $plain = put("$dir/bin/plain", read_file(checker()), 0, 0, 0755);
	my $got = run([ $plain, $system ], 'nobody-here');
	is_deeply [ $got->{end}, $got->{line}{reason} ], [ 111, 'link' ], 'a link without its set-uid bit: temporary for whom the others do not know';
	is run([ $plain, $system ], 'ann')->{end}, '0 ran', '... and no harm for others';
}
{
	my $stop = put("$dir/stop.conf", "log = stderr\ndeadline = 1\n", 0, 0, 0644);
	my $hangs = put("$dir/bin/standin", read_file("$dir/build/tests/standin"), 0, 0, 04755);
	my $start = time;
	is run([ "$hangs hang", $both ], 'joe', conf => $stop)->{line}{reason}, 'deadline', 'a set-uid link that hangs';
	cmp_ok time - $start, '<', 30, '... is not waited for';
}

# ---- a set-uid chain ----------------------------------------------------------------------------

for my $mode (04755, 02755, 06755) {
	my $set = put("$dir/bin/set-chain", read_file(checker('checkpw-chain')), $checkpw, $checkpw, $mode);
	my $got = run([$both], 'joe', chain => $set);
	is $got->{end}, 111, sprintf 'a chain of mode %04o', $mode;
	like $got->{syslog}, qr/reason=privileges .*must not be set-uid or set-gid: chmod 755/, '... says why';
}

# ---- what a checker runs when it accepts, run by a stranger ------------------------------------

# Somebody keeps a gate, and lets through who knocks: the program that is run is his child, or not.
sub knock {
	my ($program, $is_child, @before) = @_;
	my $name = 'gate' . ++$gates;
	socket my $gate, AF_UNIX, SOCK_SEQPACKET, 0 or die "socket: $!";
	bind $gate, pack('S', AF_UNIX) . "\0$name" or die "bind: $!";
	listen $gate, 1 or die "listen: $!";
	my $output = "$dir/knocked.$name";
	my @command = (@before, $program, "--accepted=$name", 'id', '-u');
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		# Whose parent has ended is nobody's child any more.
		exit 0 if !$is_child && fork;
		sleep 1 if !$is_child;
		open STDOUT, '>', $output;
		open STDERR, '>', '/dev/null';
		exec @command or POSIX::_exit(96);
	}
	waitpid $pid, 0 if !$is_child;
	vec(my $ready = '', fileno $gate, 1) = 1;
	if (select $ready, undef, undef, 5) {
		accept my $knocks, $gate or die "accept: $!";
		send $knocks, pack('l l C x3', $$, 0, 0), 0;
		# Until it has run what it was to run, or ended.
		recv $knocks, my $end, 100, 0;
	}
	waitpid $pid, 0 if $is_child;
	sleep 1 if !$is_child;
	return read_file($output) // '';
}
{
	is knock($chain, 1), "0\n", 'who keeps the gate lets his child run its subprogram';
	is knock($chain, 0), '', '... but a gate of a stranger is none';
	my $set = put("$dir/bin/set-chain", read_file(checker('checkpw-chain')), 0, 0, 04755);
	is knock($chain, 1, @as_mail), "$mail\n", '... nor does the user matter';
	is knock($set, 1, @as_mail), '', '... and nothing is run by a program that is set-uid';
}

# ---- started by root, with Debian's checkers ----------------------------------------------------

my %path = map { my $tool = $_; $tool => grep { -x } map { "$_/$tool" } qw(/usr/bin /usr/sbin) } qw(checkpw cvm-checkpassword);
SKIP: {
	skip 'checkpw or cvm is not installed', 1 if grep { !$_ } map { $path{$_} } qw(checkpw cvm-checkpassword);
	my %link = (
		joe => $both, bob => $path{checkpw}, eve => "$path{'cvm-checkpassword'} /usr/bin/cvm-pwfile",
	);
	my %becomes = (joe => 0, bob => $bob, eve => $bob);
	my $codes = put("$dir/codes.conf", "log = stderr\nreject-codes = 100\n", 0, 0, 0644);
	for my $order ([qw(joe bob eve)], [qw(bob eve joe)], [qw(eve joe bob)], [qw(joe eve bob)], [qw(eve bob joe)], [qw(bob joe eve)]) {
		my @links = map { $link{$_} } @{$order};
		for my $login (@{$order}) {
			my $got = run(\@links, $login, before => [], conf => $codes);
			is_deeply [ $got->{end}, $got->{probe}{uid} ], [ '0 ran', join ' ', ($becomes{$login}) x 3 ], "@{$order}: $login" or diag $got->{log};
		}
		my $got = run(\@links, 'mallory', before => [], conf => $codes);
		is_deeply [ $got->{end}, $got->{line}{reason} ], [ 1, 'refused' ], "@{$order}: nobody knows the login" or diag $got->{log};
	}
	my $got = run([ $link{eve}, $both ], 'mallory', before => []);
	is_deeply [ $got->{end}, $got->{line}{reason} ], [ 111, 'link' ], "cvm's 100 is temporary where reject-codes does not name it";
	# What the subprogram finds is what the checker alone would leave it.
	for my $login (qw(bob eve)) {
		my $alone = attempt(message => "$login\0secret\0\0", env => { CVM_PWFILE_PATH => "$dir/cvm", CVM_ACCOUNT_SPLIT_CHARS => '', CHECKPW_CONF => '/etc/checkpw/none.conf', CHECKPW_CHAIN_CONF => $codes },
			program => [ split / /, $link{$login} ]);
		my $chained = run([ $both, $link{$login} ], $login, before => [], conf => $codes);
		is_deeply [ @{$chained}{qw(probe env)} ], [ @{$alone}{qw(probe env)} ], "$login: unchanged by the chain";
	}
}
done_testing;
