# The penalty with the real program and the real clock: what waits, what does not, and that nothing
# which happens to the file changes a verdict.
use strict;
use warnings;
use Fcntl qw(:DEFAULT :flock SEEK_SET);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use POSIX ();
use Socket;
use Test::More;
use Time::HiRes qw(time sleep);

# A checker that hangs must not hang the tests.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 300;

my $dir = scratch();
our $file = "$dir/penalty";
my $size = 524_288;
my $store = "joe:secret\nann:secret\n";
my $new = 0;

sub setting { my ($more) = @_; return "penalty = yes\npenalty-file = $file\n" . ($more // '') }

# With so short a deadline nobody waits, and failures count all the same.
my $hasty = "deadline = 5\n";

sub try {
	my ($login, $password, %given) = @_;
	my %env = exists $given{ip} ? (defined $given{ip} ? (TCPREMOTEIP => $given{ip}) : ()) : (TCPREMOTEIP => '192.0.2.1');
	my $began = time;
	my $got = attempt(store => $store, message => "$login\0$password\0\0", env => \%env,
		config => setting($given{config}), map { $_ => $given{$_} } grep { $given{$_} } qw(before child subprogram program));
	$got->{took} = time - $began;
	return $got;
}

# A wrong password that was not tried before.
sub wrong { my ($login, %given) = @_; return try($login, 'wrong' . $new++, %given) }

# The checker of the simulation, whose waits are over at once: the socket is its clock.
sub patiently {
	my ($login, $password, %given) = @_;
	socketpair my $ours, my $theirs, AF_UNIX, SOCK_SEQPACKET, 0 or die "socketpair: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		close $theirs;
		while (defined recv $ours, my $question, 4, 0) {
			last if length $question != 4;
			send $ours, pack('L', time), 0;
		}
		POSIX::_exit(0);
	}
	close $ours;
	# Beyond what Checker closes.
	my $kept = POSIX::dup2(fileno $theirs, 99);
	my $got = try($login, $password, %given, program => [ build_dir() . '/simulation/cmd5checkpw' ], child => sub { POSIX::dup2(99, 9) });
	POSIX::close($kept);
	close $theirs;
	waitpid $pid, 0;
	return $got;
}

sub mistakes {
	my ($count, $login, %given) = @_;
	patiently($login, 'wrong' . $new++, %given) for 1 .. $count;
	return;
}

sub fresh { unlink $file; return }

# The wait that the next attempt has.
sub due { my ($login, %given) = @_; return patiently($login, 'wrong' . $new++, %given)->{line}{wait} // 0 }

# ---- switched off ----

{
	my $got = attempt(store => $store, message => "joe\0wrong\0\0", config => "penalty-file = $file\n", env => { TCPREMOTEIP => '192.0.2.1' });
	is $got->{exit}, 1, 'penalty = no: refused';
	ok !-e $file, '... no file is made';
  SKIP: {
		skip 'strace is not installed', 2 if !-x '/usr/bin/strace';
		skip 'a sanitizer makes calls of its own', 2 if build_dir() =~ m{/san$};
		my @calls;
		for my $config ('', "penalty = no\npenalty-file = $file\n") {
			$got = attempt(store => $store, message => "joe\0wrong\0\0", config => $config, before => [ 'strace', '-o', "$dir/calls" ]);
			push @calls, [ map { /^(\w+)\(/ } split /\n/, read_file("$dir/calls") ];
			unlike read_file("$dir/calls"), qr/boot_id|F_SETLK|\Q$file\E/, '... the file is not looked for' if $config;
		}
		is_deeply $calls[1], $calls[0], '... not one system call more';
	}
}

# ---- a warning longer than a line of the log ----

# An odd byte is written as four: at one of four places the closing quote fills the line.
for my $before ('', 'a', 'aa', 'aaa') {
	my $got = attempt(store => $store, message => "joe\0wrong\0\0", config => "penalty = yes\npenalty-file = /$before" . "\x80" x 900 . "\n");
	my ($warning) = $got->{log} =~ /^(.*warning.*\n)/m;
	is $got->{exit}, 1, 'a path of 900 odd bytes: refused';
	like $warning // '', qr/^.{1000,1022}\n\z/, '... the warning is cut where the line is full, and ends in a newline';
	is $got->{line}{reason}, 'mismatch', '... and the attempt has its own line';
}

# ---- steps ----

{
	my $got = wrong('joe');
	is_deeply [ $got->{exit}, $got->{line}{wait} ], [ 1, undef ], 'the first failure does not wait';
	is -s $file, $size, '... the file has its size';
	is +(stat $file)[2] & 07777, 0600, '... and is for its owner only';
	fresh();
	wrong('joe', before => [ build_dir() . '/tests/spawn', '-u', '777' ]);
	is +(stat $file)[2] & 07777, 0600, '... whatever the umask of the caller';
	my $before = read_file($file);
	unlike $before, qr/wrong|secret/, '... no password in it';
	$got = wrong('joe');
	is_deeply [ $got->{exit}, $got->{line}{reason}, $got->{line}{wait} ], [ 1, 'mismatch', 2 ], 'the second waits 2 s';
	cmp_ok $got->{took}, '>=', 2, '... really';
	like $got->{log}, qr/ reason=mismatch wait=2 user="joe"$/m, '... and says so before the login';
	$got = try('joe', 'secret');
	is_deeply [ $got->{exit}, $got->{line}{reason}, $got->{line}{wait} ], [ 0, 'ok', 4 ], 'a right password waits as a wrong one would';
	cmp_ok $got->{took}, '>=', 4, '... really';
	$got = try('joe', 'secret');
	is_deeply [ $got->{exit}, $got->{line}{wait} ], [ 0, undef ], '... once';
	is -s $file, $size, 'the file has not grown';
	fresh();
	wrong('joe');
	$got = wrong('joe', before => [ build_dir() . '/tests/spawn', '-a', 6 ]);
	is_deeply [ $got->{exit}, $got->{line}{wait} ], [ 1, 2 ], 'an alarm of the caller shortens no wait';
}
{
	fresh();
	my $got;
	mistakes(5, 'joe');
	$got = wrong('joe', config => "deadline = 9\n");
	like $got->{line}{wait}, qr/^[1-4]$/, 'a wait leaves 5 s of the deadline';
	is $got->{line}{reason}, 'mismatch', '... so the login is answered';
	is wrong('ann', config => $hasty)->{line}{wait}, undef, '... with a deadline of 5 s there is none';
}

# ---- who ----

{
	fresh();
	is try('joe', 'secret')->{exit}, 0, 'joe logs in at home';
	mistakes(6, 'joe', ip => '198.51.100.9');
	mistakes(6, 'ann');
	my $got = try('joe', 'secret');
	is_deeply [ $got->{exit}, $got->{line}{wait} ], [ 0, undef ], "others' failures on his login and behind his address do not delay him";
	is due('zoe', ip => '203.0.113.9'), 0, '... another address and login is free';
	cmp_ok due('joe', ip => '203.0.113.1'), '>', 0, '... a new address waits for the login';
	cmp_ok due('bob'), '>', 0, '... a new login waits for the address';
}
for my $case (
	[ 'the same IPv4 address', '192.0.2.7', '192.0.2.7', 1 ],
	[ 'its form in IPv6', '192.0.2.7', '::ffff:192.0.2.7', 1 ],
	[ 'another IPv4 address', '192.0.2.7', '192.0.2.8', 0 ],
	[ 'the same /64', '2001:db8::1', '2001:db8::dead:beef:1:2', 1 ],
	[ 'another /64', '2001:db8::1', '2001:db8:0:1::1', 0 ],
) {
	my ($name, $first, $second, $same) = @$case;
	fresh();
	mistakes(5, 'joe', ip => $first);
	is due('ann', ip => $second) > 0, !!$same, "by address: $name";
}
for my $case ([ 'no address', undef ], [ 'no address, but text', 'localhost' ]) {
	my ($name, $ip) = @$case;
	fresh();
	mistakes(5, 'joe', ip => $ip);
	is due('ann', ip => $ip), 0, "$name: another login is free";
	cmp_ok due('joe', ip => $ip), '>', 0, '... the login is not';
	is try('joe', 'secret', ip => $ip, config => $hasty)->{exit}, 0, '... logs in';
	is due('joe', ip => $ip), 0, '... which clears it';
}
for my $case (
	[ '192.0.2.1', '192.0.2.1', 0 ], [ '10.0.0.0/8, 192.0.2.0/24', '192.0.2.1', 0 ], [ '2001:db8::/32', '2001:db8::1', 0 ],
	[ '192.0.2.2', '192.0.2.1', 1 ],
) {
	my ($nets, $ip, $waits) = @$case;
	fresh();
	mistakes(6, 'joe', ip => $ip, config => "allow-nets = $nets\n");
	is due('joe', ip => $ip, config => "allow-nets = $nets\n") > 0, !!$waits, "allow-nets = $nets, from $ip";
	is due('joe', ip => '203.0.113.1'), 15, '... the failures count for the login';
	is try('joe', 'secret', ip => $ip, config => "${hasty}allow-nets = $nets\n")->{exit}, 0, '... who is right from there logs in';
	is due('joe', ip => $ip) > 0, !$waits, '... which clears no address that is allowed';
}
for my $nets ('webmail', '192.0.2.0/33', '127.0.0.1; ::1') {
	my $got = try('joe', 'secret', config => "allow-nets = $nets\n");
	is_deeply [ $got->{exit}, $got->{line}{reason} ], [ 111, 'configuration' ], "allow-nets = $nets is an error";
	like $got->{line}{detail}, qr/is neither an address nor a network such as 192.0.2.0.24 \(allow-nets\)/, '... that is named';
}
is attempt(store => $store, message => "joe\0secret\0\0", config => "penalty-file = penalty\n")->{line}{reason}, 'configuration', 'penalty-file is an absolute path';
is attempt(store => $store, message => "joe\0secret\0\0", config => "penalty = maybe\n")->{line}{reason}, 'configuration', 'penalty is yes or no';

# ---- what ----

{
	fresh();
	try('joe', 'old', config => $hasty) for 1 .. 6;
	like `"@{[ build_dir() ]}/bin/checkpw-test" --penalty -f $file`, qr/^address 192\.0\.2\.1 failures=1 wait=2 /m, 'an old password, repeated, counts once';
	fresh();
	for (1 .. 3) {
		my $challenge = challenge();
		attempt(store => $store, message => "joe\0" . hmac_md5_hex($challenge . $_, 'old') . "\0$challenge\0",
			env => { TCPREMOTEIP => '192.0.2.1' }, config => setting($hasty));
	}
	like `"@{[ build_dir() ]}/bin/checkpw-test" --penalty -f $file`, qr/^address 192\.0\.2\.1 failures=3 /m, 'responses to challenges all count';
}
for my $case (
	[ 'an empty password', "joe\0\0\0", '' ], [ 'a message without NULs', 'joe', '' ], [ 'an oversized one', 'x' x 600, '' ],
	[ 'a lookup of Dovecot', "nobody\0\0\0", "dovecot = yes\n", AUTHORIZED => 1 ],
	[ 'a store that is missing', "joe\0wrong\0\0", "file = $dir/missing\n" ],
) {
	my ($name, $message, $config, %env) = @$case;
	fresh();
	my @store = $config =~ /^file/ ? () : (store => $store);
	attempt(@store, message => $message, config => setting($config), env => { TCPREMOTEIP => '192.0.2.1', %env }) for 1 .. 3;
	is due('joe'), 0, "$name does not count";
}

# ---- the subprogram ----

{
	fresh();
	my ($without, $with) = map { attempt(store => $store, message => "joe\0secret\0\0", config => $_) } '', setting();
	is_deeply $with->{probe}{descriptors}, $without->{probe}{descriptors}, 'the subprogram gets no descriptor of the file';
	is $with->{stdout}, '', '... and nothing is on stdout';
}
SKIP: {
	skip 'softlimit is not installed', 1 if !-x '/usr/bin/softlimit';
	# Without an argument the checker ends with 2, if it starts at all: a dynamic one does not.
	skip 'needs a static program', 1 if system("softlimit -m 7340032 '@{[ checker() ]}' 2>/dev/null") >> 8 != 2;
	fresh();
	mistakes(1, 'joe', before => [qw(softlimit -m 7340032)]);
	cmp_ok due('joe', before => [qw(softlimit -m 7340032)]), '>', 0, 'it fits under softlimit -m 7340032'
	  or diag `ls -l $file`;
}

# ---- killed while it waits ----

# Starts an attempt and returns its process as soon as it is charged.
sub waiting {
	my ($message, %given) = @_;
	my $before = read_file($file);
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $message;
	close $write;
	my $checker = checker();
	my $conf = write_file("$dir/waiting.conf", "log = none\nfile = " . write_file("$dir/waiting.users", $store) . "\n" . setting());
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		POSIX::dup2(fileno $read, 3);
		$^F = 3;
		open my $three, '<&=', 3;
		fcntl $three, F_SETFD, 0;
		%ENV = (CHECKPW_CONF => $conf, TCPREMOTEIP => '192.0.2.1');
		{ exec $checker, '/bin/true' }
		POSIX::_exit(96);
	}
	sleep 0.01 while read_file($file) eq $before && kill 0 => $pid;
	return $pid;
}
{
	fresh();
	mistakes(4, 'joe');
	my $pid = waiting("joe\0never tried before\0\0");
	sleep 0.2;
	is waitpid($pid, POSIX::WNOHANG()), 0, 'an attempt waits';
  SKIP: {
		skip 'needs root, to read the memory of a program that forbids it', 2 if $> != 0;
		no warnings 'portable';
		my $memory = '';
		open my $maps, '<', "/proc/$pid/maps" or die "maps: $!";
		open my $mem, '<:raw', "/proc/$pid/mem" or die "mem: $!";
		while (<$maps>) {
			my ($from, $to, $flags) = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/ or next;
			next if $flags !~ /^rw/;
			sysseek $mem, hex $from, SEEK_SET;
			sysread $mem, my $part, hex($to) - hex $from;
			$memory .= $part // '';
		}
		unlike $memory, qr/never tried before/, '... without the password in its memory';
		unlike $memory, qr/secret/, '... and without that of the store';
	}
	kill KILL => $pid;
	waitpid $pid, 0;
	like `"@{[ build_dir() ]}/bin/checkpw-test" --penalty -f $file`, qr/^address 192\.0\.2\.1 failures=5 /m, '... killed, it is charged nevertheless';
	my $began = time;
	is try('joe', 'secret', config => $hasty)->{exit}, 0, '... and no lock is left';
	cmp_ok time - $began, '<', 10, '... that would be waited for';
}

# ---- what may happen to the file ----

# A right and a wrong login: the verdicts that they must have, and the warning, which no name of an
# other file is in.
sub verdicts {
	my ($name, $warning, %given) = @_;
	my $right = try('joe', 'secret', config => $hasty, %given);
	my $wrong = wrong('joe', config => $hasty, %given);
	is_deeply [ $right->{exit}, $right->{line}{reason}, $wrong->{exit}, $wrong->{line}{reason} ], [ 0, 'ok', 1, 'mismatch' ],
	  "$name: the verdicts are the same" or diag $right->{log}, $wrong->{log};
	if (defined $warning) {
		like $right->{log}, qr/\A\S+ warning detail="[^"]*$warning[^"]*; nobody waits"\n\S+ auth-ok/, '... one warning';
		like $wrong->{log}, qr/\A\S+ warning detail="[^"]*$warning[^"]*; nobody waits"\n\S+ auth-fail/, '... each time';
	} else {
		is "$right->{log}$wrong->{log}" =~ /warning/, '', '... without a warning';
		is -s $file, $size, '... the file is whole again';
	}
	return;
}

sub sound { fresh(); mistakes(3, 'joe'); return read_file($file) }
my $noise = join '', map { chr int rand 256 } 1 .. $size;
for my $case (
	[ 'empty', sub { '' } ],
	[ 'cut within the mark', sub { substr $_[0], 0, 3 } ],
	[ 'cut within the head', sub { substr $_[0], 0, 20 } ],
	[ 'cut within the table', sub { substr $_[0], 0, 70_000 } ],
	[ 'one byte short', sub { substr $_[0], 0, $size - 1 } ],
	[ 'one byte too long', sub { $_[0] . 'x' } ],
	[ 'twice as long', sub { $_[0] . $_[0] } ],
	[ 'noise', sub { $noise } ],
	[ 'zeros', sub { "\0" x $size } ],
	[ 'noise behind the head', sub { substr($_[0], 0, 512) . substr $noise, 512 } ],
	[ 'another version', sub { "penalty\2" . substr $_[0], 8 } ],
	[ 'other byte order', sub { substr($_[0], 0, 8) . reverse(substr $_[0], 8, 4) . substr $_[0], 12 } ],
	[ 'each bit turned', sub { $_[0] ^ ("\xff" x $size) } ],
) {
	my ($name, $damage) = @$case;
	write_file($file, $damage->(sound()));
	verdicts("the file is damaged, $name");
	mistakes(3, 'joe');
	cmp_ok due('joe'), '>', 0, '... and counts again';
}
for my $text ("joe:secret\n", "penalties are no secret\n", "\0" x 4096, 'x' x ($size + 1)) {
	write_file($file, $text);
	verdicts('another file of ' . length($text) . ' bytes', 'not a file of penalties');
	is read_file($file), $text, '... which is left alone';
}
{
	fresh();
	mkdir $file or die "mkdir: $!";
	verdicts('a directory', '(?:Is a directory|not a regular file)');
	rmdir $file;
	POSIX::mkfifo($file, 0600) or die "mkfifo: $!";
	verdicts('a FIFO', 'not a regular file');
	fresh();
	my $other = write_file("$dir/other", '');
	symlink $other, $file or die "symlink: $!";
	verdicts('a symbolic link', 'Too many levels of symbolic links');
	is -s $other, 0, '... is not followed';
	fresh();
	link $other, $file or die "link: $!";
	verdicts('a file with two names', 'the file has other names');
	is -s $other, 0, '... is not written to';
	fresh();
	sound();
	for my $mode (0604, 0602, 0666) {
		chmod $mode, $file;
		verdicts(sprintf('mode %04o', $mode), 'others may (?:read it|write to it)');
	}
	chmod 0660, $file;
	verdicts('mode 0660');
	fresh();
	local $file = "$dir/missing/penalty";
	verdicts('no such directory', 'No such file or directory');
}
{
	sound();
	my $content = read_file($file);
	open my $held, '+<', $file or die "$file: $!";
	# struct flock of Linux on 64 bits: type, whence, start, length, pid.
	my $lock = pack 's s x4 q q i x4', F_WRLCK, SEEK_SET, 0, 0, 0;
	fcntl $held, F_SETLK, $lock or die "lock: $!";
	my $began = time;
	verdicts('locked by another process', 'cannot be locked');
	cmp_ok time - $began, '<', 20, '... which is not waited for without end';
	is read_file($file), $content, '... and the file is left alone';
	close $held;
	verdicts('the lock is gone');
}
SKIP: {
	skip 'softlimit is not installed', 6 if !-x '/usr/bin/softlimit';
	fresh();
	verdicts('a limit on the size of files, no file', 'File too large', before => [qw(softlimit -f 4096)], subprogram => ['/bin/true']);
	sound();
	verdicts('a limit on the size of files', 'File too large', before => [qw(softlimit -f 4096)], subprogram => ['/bin/true']);
}
SKIP: {
	skip 'needs root, to be another user', 9 if $> != 0;
	my @as = qw(setpriv --reuid=61103 --regid=61103 --clear-groups --);
	sound();
	my $given = { before => \@as, subprogram => ['/bin/true'] };
	# The store and the configuration are read as that user, too.
	my $own = sub { chown 61_103, -1, "$dir/conf", "$dir/poppasswd"; 1 };
	my $content = read_file($file);
	verdicts("root's file", 'Permission denied \(as uid 61103\)', %$given, child => $own);
	is read_file($file), $content, '... is left alone';
	chmod 0660, $file;
	chown 61_104, 61_103, $file;
	verdicts("another user's file, that the group may write", 'owner is uid 61104, must be root or uid 61103', %$given, child => $own);
	chown 61_103, 61_103, $file;
	verdicts("the user's own file", undef, %$given, child => $own);
	verdicts("root uses anybody's file");
}

# ---- listing and clearing ----

my $penalties = build_dir() . '/bin/checkpw-test';
sub penalties {
	my (@words) = @_;
	my $output = qx{"$penalties" --penalty @words 2>&1};
	return [ $? >> 8, $output ];
}
{
	fresh();
	is_deeply penalties("-f $file"), [ 111, "$penalties: $file: No such file or directory\n" ], 'list: no file';
	my $other = write_file("$dir/other", "joe:secret\n");
	for my $words ("-f $other", "-f $other clear joe") {
		my $got = penalties($words);
		is $got->[0], 111, "$words: another file";
		like $got->[1], qr/\Q$other\E: not a file of penalties/, '... it says so';
		is read_file($other), "joe:secret\n", '... and leaves it alone';
	}
	ok !-e $file, '... and none is made';
	mistakes(2, 'joe');
	mistakes(1, 'joe', ip => '2001:db8::77');
	mistakes(1, 'a "quoted"\\' . "\n" . 'x' x 50);
	try('ann', 'secret', ip => '198.51.100.1');
	mistakes(2, 'ann', ip => '198.51.100.1');
	my $got = penalties("-f $file");
	is $got->[0], 0, 'list';
	for my $line (
		qr/address 192\.0\.2\.1 failures=3 wait=8 ago=\d+/, qr{address 2001:db8::/64 failures=1 wait=2 ago=\d+},
		qr/login "joe" failures=3 wait=8 ago=\d+/, qr/login "a \\x22quoted\\x22\\x5c\\x0ax{12}" failures=1 wait=2 ago=\d+/,
		qr/pair 198\.51\.100\.1 failures=2 wait=4 ago=\d+/, qr/1 known pairs of an address and a login/
	) {
		like $got->[1], qr/^$line$/m, "... $line";
	}
	is_deeply penalties("-f $file clear JOE 192.0.2.1"), [ 0, '' ], 'clear a login, an address';
	unlike penalties("-f $file")->[1], qr/joe|192\.0\.2\.1 /, '... and they are gone';
	like penalties("-f $file")->[1], qr/2001:db8::/, '... the others are not';
	is_deeply penalties("-f $file clear 198.51.100.1"), [ 0, '' ], 'clear the address of a known pair';
	like penalties("-f $file")->[1], qr/\A(?!.*198).*^1 known/ms, '... which it stays';
	is_deeply penalties("-f $file clear 2001:db8::beef:1"), [ 0, '' ], 'clear another address of the /64';
	is_deeply penalties("-f $file clear nobody"), [ 1, "$penalties: no failures of nobody\n" ], 'clear what is not held';
	is penalties("-f $file $_")->[0], 2, "misuse: $_" for 'clear', 'list', '-x';
	is due('joe', ip => '192.0.2.1'), 0, 'who is cleared does not wait';
}

# ---- many writers ----

my $hammer = build_dir() . '/simulation/hammer';
for my $case ([ 0, 20_000, 'in peace' ], [ 1, 100_000, 'under SIGKILL' ]) {
	my ($kills, $updates, $name) = @$case;
	fresh();
	my $output = qx{"$hammer" $file 64 $updates $kills 2>&1};
	my %got = $output =~ /(\w+)=(\d+)/g;
	is $?, 0, "64 writers, $updates updates, $name";
	is $got{size}, $size, '... the size is the same';
	is_deeply [ @got{qw(addresses logins pairs)} ], [ 128, 1, 128 ], '... each name is there once, and none is lost' or diag $output;
	if ($kills) {
		cmp_ok $got{killed}, '>', 100, "... $got{killed} died";
	} else {
		# Of equal digests some are taken for repeated.
		cmp_ok $got{failures}, '<=', $got{failing}, "... of $got{failing} failures $got{failures} counted, none twice";
		cmp_ok $got{failures}, '>', $got{failing} - 100, '... and none lost';
	}
	is try('joe', 'secret', ip => undef, config => $hasty)->{exit}, 0, '... no lock is left';
	is_deeply penalties("-f $file")->[0], 0, '... and the file is sound';
}

done_testing;
