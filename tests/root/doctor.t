# checkpw-test --doctor: it finds each fault of an installation, planted one at a time, and says
# nothing about a sound one. In a mount namespace, with an /etc and a /dev/log of its own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use JSON::PP;
use Namespace;
use Socket;
use Test::More;

plan skip_all => 'needs root, to make set-id programs' if $> != 0;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
own_namespace();

$SIG{ALRM} = sub { die "a doctor did not end\n" };
alarm 300;

my ($checkpw, $mail, $stranger) = (61_201, 61_202, 61_203);
my $dir = scratch();
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=755,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc dev bin nosuid);
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
for my $device (qw(null zero full tty urandom)) {
	write_file("$dir/dev/$device", '');
	mount_on("$dir/dev/$device", '--bind', "/dev/$device");
}
mount_on('/dev', '--rbind', "$dir/dev");
socket my $log, AF_UNIX, SOCK_DGRAM, 0 or die "socket: $!";
bind $log, pack_sockaddr_un('/dev/log') or die "/dev/log: $!";
mkdir '/etc/checkpw';
{
	open my $passwd, '>>', '/etc/passwd' or die "passwd: $!";
	print {$passwd} "checkpw:x:$checkpw:${checkpw}::/:/bin/false\nqmaild:x:$mail:${mail}::/:/bin/false\n";
}
my $standin = "$dir/bin/standin";
must('cp', build_dir() . '/tests/standin', $standin);
my $doctor = "$dir/bin/checkpw-test";
must('cp', checker('checkpw-test'), $doctor);
my $store = '/etc/poppasswd';
my $context = '{CRAM-MD5}' . cram_context('wonderland');
my $conf = '/etc/checkpw/cmd5checkpw.conf';

sub put {
	my ($path, $text, $owner, $mode) = @_;
	write_file($path, $text);
	chown $owner, $owner, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

# The installation of the README.
my $cmd5 = "$dir/bin/cmd5checkpw";
sub sound {
	put($cmd5, read_file(checker()), $checkpw, 0);
	chown $checkpw, $mail, $cmd5;
	chmod 04750, $cmd5;
	put($store, "joe:{PLAIN}secret\nalice:$context\n# a comment\nbob:!\n", $checkpw, 0400);
	unlink glob '/etc/checkpw/*.conf';
	chmod 0755, $dir, "$dir/bin", '/etc', '/etc/checkpw';
	return;
}

# What the doctor says: exit code and problems. `before` stands before its name.
sub examine {
	my ($checker, %given) = @_;
	my @words = (@{ $given{before} || [] }, $doctor, qw(--doctor --json --seconds), $given{seconds} // 60,
		@{ $given{options} // [ '--as', 'qmaild' ] }, ref $checker ? @{$checker} : $checker);
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		open STDIN, '<', write_file("$dir/stdin", $given{input} // '');
		open STDOUT, '>&', $write;
		%ENV = (PATH => '/usr/bin:/bin:/usr/sbin:/sbin', %{ $given{env} || {} });
		exec @words or die "exec: $!";
	}
	close $write;
	my @lines = <$read>;
	waitpid $pid, 0;
	my $exit = $? >> 8;
	return ($exit, map { decode_json($_) } @lines);
}

sub is_sound {
	my ($name, $checker, %given) = @_;
	my ($exit, @problems) = examine($checker, %given);
	is_deeply [ $exit, map { $_->{problem} } @problems ], [0], $name;
	return;
}

# One fault, one problem, and what mends it.
sub finds {
	my ($name, $problem, $mend, $checker, %given) = @_;
	my ($exit, @problems) = examine($checker // $cmd5, %given);
	my $all = join "\n", map { $_->{problem} } @problems;
	is_deeply [ $exit, scalar @problems ], [ 1, 1 ], "$name: one problem" or diag $all;
	like $problems[0]{problem} // '', $problem, '... is that';
	like $problems[0]{mend} // '', $mend, '... and how to mend it is told';
	sound();
	return;
}

# ---- sound installations -----------------------------------------------------------------------

sound();
is_sound 'the installation of the README', $cmd5;
is_sound '... with the login of a user', $cmd5, options => [ qw(--as qmaild -u joe --stdin) ], input => "secret\n";
is_sound '... as root', $cmd5, options => [];
put($conf, "deadline = 30\n", 0, 0644);
is_sound '... with a configuration', $cmd5;
put($conf, "log = stderr\n", $checkpw, 0400);
is_sound '... of the owner of the program', $cmd5;
chmod 04755, $cmd5;
is_sound '... that all may run', $cmd5;
put($store, "jane:\$6\$saltsalt\$" . 'x' x 86 . "\n", $checkpw, 0400);
put($conf, "challenges = no\n", 0, 0644);
is_sound '... with hashes, and no CRAM-MD5', $cmd5;
sound();
is_sound 'a checker of somebody else', [ $standin, 'exit=1' ];
my $chain = put("$dir/bin/checkpw-chain", read_file(checker('checkpw-chain')), 0, 0755);
put('/etc/checkpw/checkpw-chain.conf', "checker = $cmd5\nchecker = $standin exit=1\n", 0, 0644);
is_sound 'a chain', $chain;
is_sound '... with the login of a user', $chain, options => [ qw(--as qmaild -u joe --stdin) ], input => "secret\n";
sound();
is_sound '... of the command line', [ $chain, $cmd5, "$standin exit=1" ];
my $passwd = put("$dir/bin/checkpw-passwd", read_file(checker('checkpw-passwd')), 0, 0755);
is_sound 'checkpw-passwd for root', $passwd, options => [];

# ---- the faults --------------------------------------------------------------------------------

chmod 0755, $cmd5;
finds 'the set-uid bit is missing', qr/\Q$cmd5\E: the set-uid bit is missing/, qr/chown $checkpw \Q$cmd5\E; chmod 4750 \Q$cmd5/;
chown $stranger, $mail, $cmd5;
chmod 04750, $cmd5;
finds 'the program has another owner', qr/\Q$store\E: it belongs to uid $checkpw, and the checker runs as uid $stranger/,
  qr/chown $checkpw \Q$cmd5\E; chmod 4750/;
chown 0, $mail, $cmd5;
chmod 04750, $cmd5;
finds 'the program is set-uid root', qr/\Q$cmd5\E: it is set-uid root/, qr/chown checkpw \Q$store\E \Q$cmd5/;
chmod 04770, $cmd5;
finds 'others may write to the program', qr/others may write to the program/, qr/chmod go-w \Q$cmd5/;
chmod 0777, "$dir/bin";
finds 'others may write to its directory', qr/\Q$dir\E\/bin: everybody may write/, qr/chmod o-w \Q$dir\E\/bin/;
put($store, "joe:{PLAIN}secret\nalice:$context\n", $stranger, 0400);
finds 'the file of users has another owner', qr/it belongs to uid $stranger, and the checker runs as uid $checkpw/, qr/chown/;
chmod 0402, $store;
finds 'others may write to the file of users', qr/\Q$store\E: everybody may write/, qr/chmod 400 \Q$store/;
chmod 0444, $store;
finds 'everybody can read the file of users', qr/\Q$store\E: everybody can read it/, qr/chmod 400 \Q$store\E; then change/;
chmod 0, $store;
finds 'the owner cannot read the file of users', qr/reason store: \Q$store\E: Permission denied \(as uid $checkpw\)/, qr/chown $checkpw \Q$store/;
unlink $store;
finds 'the file of users is missing', qr/\Q$store\E: No such file/, qr/umask 077.*chown checkpw/;
put($conf, "log = syslog\n", $stranger, 0644);
finds 'the configuration has another owner', qr/\Q$conf\E: it belongs to uid $stranger/, qr/chown root \Q$conf/;
put($conf, "log = syslog\n", 0, 0664);
finds 'others may write to the configuration', qr/\Q$conf\E: others may write/, qr/chmod go-w \Q$conf/;
put($conf, "log = syslog\n", 0, 0600);
finds 'the checker cannot read its configuration', qr/reason configuration: \Q$conf\E: Permission denied/, qr/chmod 644/;
put($conf, "log = syslog\nchallanges = no\n", 0, 0644);
finds 'the configuration has a mistake', qr/reason configuration: \Q$conf\E: line 2: unknown key/, qr/correct \Q$conf/;
put($store, "joe:{PLAIN}secret\njane:\$6\$saltsalt\$" . 'x' x 86 . "\n", $checkpw, 0400);
finds 'hashes that CRAM-MD5 cannot use', qr/hashes, which CRAM-MD5 cannot use: 1, line 2/, qr/\{CRAM-MD5\}.*challenges = no/;
put($store, "joe:{PLAIN}secret\njane:{SSHA}cut\nann:{FOO}bar\n", $checkpw, 0400);
finds 'secrets that cannot be used', qr/secrets that cannot be used: 2, the first is line 2/, qr/make them anew/;
put($store, "joe:{PLAIN}secret\nno entry\n", $checkpw, 0400);
finds 'lines that are no entries', qr/lines that are no entries: 1, line 2/, qr/correct them/;
{
	my $poppasswd = build_dir() . '/bin/poppasswd';
	must($poppasswd, '-f', $store, 'index');
	is_sound 'an index', $cmd5;
	must($poppasswd, '-f', $store, 'index');
	put($store, "joe:{PLAIN}secret\n", $checkpw, 0400);
	finds 'a stale index', qr/\Q$store\E\.cdb/, qr/poppasswd -f \Q$store\E index/;
	unlink "$store.cdb";
}
put($conf, "challenges = no\n", 0, 0644);
put($store, 'joe:$y$j9T$F5Jx5fExrKuPp53xLKQ..1$' . 'x' x 43 . "\n", $checkpw, 0400);
finds 'memory limits too low for the hashes', qr/line 1 .*hashing needs \d+ bytes of memory, the hard limit is/, qr/raise the hard limit/,
  $cmd5, before => [ 'prlimit', '--as=14000000:14000000' ], options => [];
mount_on("$dir/nosuid", '-t', 'tmpfs', '-o', 'mode=755,nosuid', 'tmpfs');
{
	my $there = put("$dir/nosuid/cmd5checkpw", read_file(checker()), $checkpw, 0);
	chown $checkpw, $mail, $there;
	chmod 04750, $there;
	my ($exit, @problems) = examine($there);
	is_deeply [ $exit, scalar grep { $_->{problem} =~ /the set-uid bit has no effect here/ } @problems ], [ 1, 1 ],
	  'a file system without set-uid bits';
}
finds 'there is no such program', qr/there is no such program/, qr/install it/, "$dir/bin/missing";
chmod 04700, $cmd5;
finds 'the mail server may not run it', qr/cannot be run: .*Permission denied/, qr/correct path, mode or group/;

# Of any checker.
finds 'the open relay: true', qr/OPEN RELAY: a made-up login .* exit 0 and without running/, qr/take it out of service/, '/bin/true';
finds 'the open relay: a checker that accepts all', qr/OPEN RELAY: a made-up login/, qr/take it out of service/, [ $standin, 'accept' ];
finds 'an empty password is accepted', qr/OPEN RELAY: a made-up login with an empty password/, qr/take it out/, [ $standin, 'if=,accept' ];
finds 'it writes to the mail client', qr/it writes to descriptor 1: "checking \.\.\.\\x0a"/, qr/descriptor 2/, [ $standin, 'say,exit=1' ];
finds 'an exit code of no meaning', qr/exit code 3/, qr/reject-codes = 3/, [ $standin, 'exit=3' ];
finds 'it crashes', qr/it dies of signal 11/, qr/another version/, [ $standin, 'crash' ];
finds 'it hangs', qr/no answer after 1 seconds/, qr/what it waits for/, [ $standin, 'hang-child' ], seconds => 1;
finds 'it is temporary and silent', qr/answered 111, temporary; the log: /, qr/see what the log/, [ $standin, 'exit=111' ];
my @as_user = (options => [ qw(--as qmaild -u joe --stdin) ], input => "secret\n");
finds 'it leaves a descriptor open', qr/left open for the subprogram: .*\b9 -> \/dev\/null/, qr/closes them/, [ $standin, 'if=secret,open,accept' ], @as_user;
finds 'it leaves the message open', qr/left open for the subprogram: 3 -> pipe/, qr/closes them/, [ $standin, 'if=secret,keep-message,accept' ], @as_user;
finds 'a user is refused', qr/the login that was given is not accepted: refused/, qr/see the reason/, [ $standin, 'exit=1' ], @as_user;
{
	my $keeps = put("$dir/bin/keeps", read_file($standin), $checkpw, 0755);
	chmod 06755, $keeps;
	finds 'it keeps its ids', qr/keeps the ids of the set-id bit: real, effective and saved uid $mail, $checkpw, $checkpw/, qr/gives them up/,
	  [ $keeps, 'if=secret,accept' ], @as_user;
}

# Of the others of the suite.
chmod 04755, $chain;
finds 'a set-uid chain', qr/checkpw-chain: it is set-uid/, qr/chmod 755/, $chain if put('/etc/checkpw/checkpw-chain.conf', "checker = $cmd5\n", 0, 0644);
chmod 0750, $chain;
chown 0, $mail, $chain;
put('/etc/checkpw/checkpw-chain.conf', "checker = $cmd5\n", 0, 0644);
finds 'a chain that not everybody may run', qr/not everybody may run it/, qr/chmod 755/, $chain;
chmod 0755, $chain;
put('/etc/checkpw/checkpw-chain.conf', "checker = $cmd5\nchecker = /nowhere\n", 0, 0644);
finds 'a chain with a link that is missing', qr/reason link: .*nowhere: cannot be run: No such file/, qr/see link in checkpw-chain\(8\)/, $chain;
chmod 04755, $passwd;
finds 'checkpw-passwd for everybody', qr/it is set-uid, and everybody may run it/, qr/chmod 4750/, $passwd;
{
	my $mysql = put("$dir/bin/checkpw-mysql", read_file($standin), 0, 0755);
	finds 'checkpw-mysql without its configuration', qr/checkpw-mysql\.conf: No such file/, qr/copy/, [ $mysql, 'exit=1' ];
	put('/etc/checkpw/checkpw-mysql.conf', "password = x\n", 0, 0644);
	finds 'everybody can read the password of the database', qr/checkpw-mysql\.conf: everybody can read it/, qr/chmod o-r/, [ $mysql, 'exit=1' ];
}
is_deeply [ glob '/run/checkpw-test.*' ], [], 'nothing is left behind';
done_testing;
