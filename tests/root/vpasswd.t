# checkpw-vpasswd started by root, who becomes the owner of the domain, and through set-id bits.
#
# Everything happens in a mount namespace of this test's own with a copy of /etc over the real one,
# so the machine is not touched. Users are numbers.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use POSIX ();
use Test::More;
use Vpopmail;

plan skip_all => 'needs root, to become others' if $> != 0;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker('checkpw-vpasswd')) =~ /__asan_init/;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
for my $tool (qw(setpriv unshare)) {
	plan skip_all => "$tool is not installed" if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
own_namespace();

# A checker that hangs must not hang the tests.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 120;

# vpopmail owns the domain, mail starts the checker.
my ($vpopmail, $vchkpw, $mail, $mail_group) = (61_401, 61_402, 61_403, 61_404);
my @groups = (61_405, 61_406);
my @as_mail = ('setpriv', "--reuid=$mail", "--regid=$mail_group", '--groups=' . join(',', @groups), '--');
my @as_root = ('setpriv', '--groups=' . join(',', @groups), '--');

my $dir = scratch();
my $conf = '/etc/checkpw/checkpw-vpasswd.conf';
my $home = "$dir/vpopmail";
my $domain = "$home/domains/example.org";
my $cdb = "$dir/users/cdb";
my $password = 'Kennwort-7391';
my $wrong = 'Falsch-4482';
my $hash = crypt $password, '$1$abcdefgh$';

{
	# /tmp may be mounted without set-id bits.
	mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
	mkdir "$dir/$_" or die "mkdir: $!" for qw(etc bin tests users);
	must('cp', '-a', '/etc/.', "$dir/etc");
	mount_on('/etc', '--bind', "$dir/etc");
	must('cp', '-p', build_dir() . "/tests/$_", "$dir/tests") for qw(probe spawn);
	mkdir '/etc/checkpw';
}

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner, $group, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

# A directory of vpopmail's.
sub folder {
	my ($path, $mode) = @_;
	make_path($path, 0755);
	chown $vpopmail, $vchkpw, $path or die "chown $path: $!";
	chmod $mode // 0700, $path or die "chmod $path: $!";
	return $path;
}

# A copy of the checker with an owner and set-id bits.
sub copy {
	my ($name, $owner, $group, $mode) = @_;
	return put("$dir/bin/$name", read_file(checker('checkpw-vpasswd')), $owner, $group, $mode);
}

my $plain = copy('plain', 0, 0, 0755);
my $of_vpopmail = copy('of-vpopmail', $vpopmail, $vchkpw, 04755);
my $of_group = copy('of-group', 0, $vchkpw, 02755);
my $of_root = copy('of-root', 0, $mail_group, 04750);

sub assign {
	my ($uid, $gid) = @_;
	return put($cdb, cdb_of(assign_data('example.org', 'example.org', $uid // $vpopmail, $gid // $vchkpw, $domain)), 0, 0, 0644);
}

sub users {
	my (@lines) = @_;
	my $text = join '', @lines;
	put("$domain/vpasswd", $text, $vpopmail, $vchkpw, 0640);
	return put("$domain/vpasswd.cdb", vpasswd_cdb_of($text), $vpopmail, $vchkpw, 0640);
}

folder($home, 0755);
folder("$home/domains", 0755);
folder($domain, 0755);
folder("$domain/joe");
assign();
my $joe = vpasswd_line('joe', $hash, "$domain/joe", clear => $password);
users($joe);

# joe@example.org over SMTP, started by root with two groups. ->{outcome} is the exit, and whether
# the subprogram ran.
sub run {
	my (%given) = @_;
	my %env = (CHECKPW_CONF => $conf, TCPLOCALPORT => 25, TCPREMOTEIP => '192.0.2.7', %{ $given{env} // {} });
	delete $env{$_} for grep { !defined $env{$_} } keys %env;
	put($conf, "log = stderr\nusers-cdb = $cdb\nvpopmail-home = $home\n" . ($given{keys} // ''), 0, 0, 0644);
	my $got = attempt(message => "joe\@example.org\0$password\0\0", before => \@as_root, subprogram => [ "$dir/tests/probe", "$dir/probe.out", "$domain/vpasswd", "$domain/vpasswd.cdb" ],
		%given, program => $given{program} // [$plain], env => \%env);
	$got->{outcome} = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	return $got;
}

my %exit = (ok => 0, store => 111, home => 111, privileges => 111);

sub row {
	my ($name, $reason, %given) = @_;
	my $got = run(%given);
	my $exit = $exit{$reason} // 1;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply [ $got->{outcome}, $got->{line}{reason}, $got->{stdout} ], [ $exit . ($exit == 0 ? ' ran' : ''), $reason, '' ], $name or diag $got->{log};
	like $got->{line}{detail} // '', $given{detail}, "... $name: the detail" if $given{detail};
	unlike $got->{log}, qr/\Q$password\E|\Q$hash\E/, "... $name: no secret in the log";
	return $got;
}

# The three ids, the groups and the capabilities of the subprogram.
sub identity {
	my ($got) = @_;
	return join '; ', map { "$_ " . ($got->{probe}{$_} // '?') } qw(uid gid groups CapPrm CapEff CapAmb);
}

sub identity_of {
	my ($uid, $gid, @groups) = @_;
	my $none = '0' x 16;
	return join '; ', "uid $uid $uid $uid", "gid $gid $gid $gid", 'groups ' . join(' ', @groups), map { "$_ $none" } qw(CapPrm CapEff CapAmb);
}

sub owner_and_mode {
	my ($path) = @_;
	my @status = lstat $path or return "$path is missing";
	return sprintf '%d %d %04o', @status[ 4, 5 ], $status[2] & 07777;
}

my %pop = (env => { TCPLOCALPORT => 110 });

# ---- started by root ---------------------------------------------------------------------------------

for my $case ([ POP3 => 110 ], [ IMAP => 143 ], [ 'an unknown service' => undef ]) {
	my ($name, $port) = @{$case};
	my $got = row("root, $name", 'ok', env => { TCPLOCALPORT => $port });
	is identity($got), identity_of($vpopmail, $vchkpw, $vchkpw), '... is vpopmail, with its one group and no capability';
	is $got->{probe}{cwd}, "$domain/joe", '... in the directory of joe';
	is_deeply [ map { $got->{env}{$_} } qw(USER HOME SHELL VPOPUSER) ], [ 'joe', "$domain/joe", 'NOLOGIN', 'joe@example.org' ], '... with his variables';
}
{
	my $direct = run(program => []);
	my $got = row('root, SMTP', 'ok');
	$direct->{probe}{descriptors} =~ s/ 3\b//;
	is_deeply [ @{$got}{qw(probe env)} ], [ @{$direct}{qw(probe env)} ], '... changes nothing';
	like identity($got), qr/^uid 0 0 0; gid 0 0 0; groups @groups;/, '... not even the user';
	$got = row('root, POP3 under Dovecot', 'ok', %pop, keys => "dovecot = yes\n");
	is $got->{probe}{uid}, '0 0 0', '... leaves that to Dovecot';
	row('root, POP3, wrong password', 'mismatch', %pop, message => "joe\@example.org\0$wrong\0\0");
	row('root, POP3, unknown', 'mismatch', %pop, message => "ann\@example.org\0$password\0\0");
	my $challenge = challenge();
	$got = row('root, POP3, CRAM-MD5', 'ok', %pop, message => join "\0", 'joe@example.org', hmac_md5_hex($challenge, $password), $challenge, '');
	is identity($got), identity_of($vpopmail, $vchkpw, $vchkpw), '... is vpopmail';
	put("$domain/joe/closed", 'x', 0, 0, 0600);
	$got = row('root, POP3, a file of root', 'ok', %pop, subprogram => [ "$dir/tests/probe", "$dir/probe.out", "$domain/joe/closed", "$domain/vpasswd" ]);
	is_deeply [ read_file("$dir/probe.out") =~ /^open \S+ (.*)$/mg ], [ 'Permission denied', 'yes' ], '... cannot be read, one of vpopmail can';
	unlink "$domain/joe/closed";
}

# Ids that must not be become.
for my $case ([ 0, $vchkpw ], [ $vpopmail, 0 ], [ 0, 0 ]) {
	my ($uid, $gid) = @{$case};
	assign($uid, $gid);
	for my $port (110, 143) {
		row("uid $uid, gid $gid, port $port", 'min-uid', env => { TCPLOCALPORT => $port }, detail => qr/uid or gid of the domain is too low/,
			keys => "lastauth = yes\ncreate-maildir = yes\n");
		ok !-e "$domain/joe/lastauth", '... and nothing is written';
	}
	row("uid $uid, gid $gid, wrong password", 'mismatch', %pop, message => "joe\@example.org\0$wrong\0\0");
	row("uid $uid, gid $gid, SMTP", 'ok');
	my $got = row("uid $uid, gid $gid, min-uid = 0", 'ok', %pop, keys => "min-uid = 0\n");
	like identity($got), qr/^uid $uid $uid $uid; gid $gid $gid $gid; groups $gid;/, '... is become as it is';
}
assign();
row('min-uid above vpopmail', 'min-uid', %pop, keys => 'min-uid = ' . ($vpopmail + 1) . "\n");
row('min-uid of vpopmail', 'ok', %pop, keys => "min-uid = $vpopmail\n");

# ---- set-id bits -----------------------------------------------------------------------------------------

my %suid = (program => [$of_vpopmail], before => \@as_mail);
{
	row('mail, no bit', 'store', program => [$plain], before => \@as_mail, detail => qr{\Q$domain\E/vpasswd.cdb: Permission denied \(as uid $mail\)});
	for my $case ([ 'set-uid vpopmail' => $of_vpopmail ], [ 'set-gid vchkpw' => $of_group ], [ 'set-uid root' => $of_root ]) {
		my ($name, $program) = @{$case};
		my %bit = (program => [$program], before => \@as_mail);
		my $direct = run(%bit, program => []);
		my $got = row("$name, SMTP", 'ok', %bit);
		$direct->{probe}{descriptors} =~ s/ 3\b//;
		is_deeply [ @{$got}{qw(probe env)} ], [ @{$direct}{qw(probe env)} ], '... the subprogram is as the caller would run it';
		is identity($got), identity_of($mail, $mail_group, @groups), '... with the ids of the caller';
		is_deeply [ read_file("$dir/probe.out") =~ /^open \S+ (.*)$/mg ], [ ('Permission denied') x 2 ], '... and cannot read vpasswd';
		row("$name, SMTP, wrong password", 'mismatch', %bit, message => "joe\@example.org\0$wrong\0\0");
		row("$name, SMTP, unknown", 'mismatch', %bit, message => "ann\@example.org\0$password\0\0");
	}
	# Only the configuration may say that ids are become: whoever runs the program chooses its environment.
	for my $env ({ TCPLOCALPORT => 110 }, { SERVICE => 'imap' }, {}) {
		my $got = row('set-uid root, the environment says ' . join('=', %$env), 'ok', program => [$of_root], before => \@as_mail, env => $env);
		is identity($got), identity_of($mail, $mail_group, @groups), '... the ids of the caller stay';
	}
	my %pop3 = (keys => "service = pop3\n");
	my $got = row('set-uid root, service = pop3', 'ok', program => [$of_root], before => \@as_mail, %pop3);
	is identity($got), identity_of($vpopmail, $vchkpw, $vchkpw), '... becomes vpopmail, as root would';
	row('set-uid vpopmail, POP3, a directory closed to the caller', 'home', %suid, %pop3, detail => qr/Permission denied/);
	chmod 0755, "$domain/joe";
	$got = row('set-uid vpopmail, POP3, a directory open to the caller', 'ok', %suid, %pop3);
	is identity($got), identity_of($mail, $mail_group, @groups), '... with the ids of the caller';
	chmod 0700, "$domain/joe";

	# The environment has no say.
	put("$dir/lax", "log = stderr\nusers-cdb = $dir/nowhere\n", $mail, $mail_group, 0644);
	row('set-uid, $CHECKPW_CONF', 'ok', %suid, env => { CHECKPW_CONF => "$dir/lax" });
	row('set-uid, $VPOPMAIL_DOMAIN', 'mismatch', %suid, message => "joe\0$password\0\0", env => { VPOPMAIL_DOMAIN => 'example.org' });
	row('... which counts without the bit', 'ok', message => "joe\0$password\0\0", env => { VPOPMAIL_DOMAIN => 'example.org' });
	row('set-uid, default-domain', 'ok', %suid, message => "joe\0$password\0\0", keys => "default-domain = example.org\n");

	row('set-uid, lastauth: not with the rights of vpopmail', 'ok', %suid, keys => "lastauth = yes\n");
	is_deeply [ glob "$domain/joe/* $domain/joe/.[!.]*" ], [], '... nothing is written';
	row('set-uid, POP3, create-maildir: not with the rights of vpopmail', 'home', %suid, keys => "service = pop3\ncreate-maildir = yes\n", detail => qr/Permission denied/);
}

# ---- what is made --------------------------------------------------------------------------------------------

my %make = (%pop, keys => "create-maildir = yes\nlastauth = yes\n", before => [ "$dir/tests/spawn", '-u', '022', '/usr/bin/setpriv', @as_root[ 1 .. $#as_root ] ]);
{
	users($joe, vpasswd_line('ann', $hash, "$domain/0/B/ann"));
	my $got = row('root, POP3, create-maildir', 'ok', %make, message => "ann\@example.org\0$password\0\0");
	is $got->{probe}{cwd}, "$domain/0/B/ann", '... is entered';
	is owner_and_mode("$domain/$_"), "$vpopmail $vchkpw 0700", "... $_ is vpopmail's, and closed" for qw(0 0/B 0/B/ann), map { "0/B/ann/Maildir$_" } '', qw(/new /cur /tmp);
	row('root, POP3, lastauth', 'ok', %make, message => "ann\@example.org\0$password\0\0");
	is owner_and_mode("$domain/0/B/ann/lastauth"), "$vpopmail $vchkpw 0600", "... is vpopmail's, and closed";
	is read_file("$domain/0/B/ann/lastauth"), '192.0.2.7', '... with the address';
	row('root, SMTP, lastauth and create-maildir', 'ok', %make, env => {});
	ok !-e "$domain/joe/$_", "... no $_ is written as root" for qw(lastauth Maildir);
	row('root, POP3 under Dovecot, lastauth', 'ok', %make, keys => "$make{keys}dovecot = yes\n");
	ok !-e "$domain/joe/lastauth", '... is not written as root';
}

# ---- what vpopmail's user may have laid -------------------------------------------------------------------------

{
	my $closed = "$dir/closed";
	mkdir $closed, 0700 or die "mkdir: $!";
	put("$closed/target", 'target', 0, 0, 0644);
	my $untouched = sub {
		my ($name) = @_;
		local $Test::Builder::Level = $Test::Builder::Level + 1;
		opendir my $handle, $closed or die "$closed: $!";
		is_deeply [ [ sort readdir $handle ], read_file("$closed/target"), owner_and_mode("$closed/target"), owner_and_mode($closed) ],
		  [ [qw(. .. target)], 'target', '0 0 0644', '0 0 0700' ], "... $name: what belongs to root is as it was";
	};
	my $link = sub {
		my ($target, $path) = @_;
		unlink $path;
		symlink $target, $path or die "symlink $path: $!";
		POSIX::lchown($vpopmail, $vchkpw, $path);
	};

	$link->("$closed/target", "$domain/joe/lastauth");
	row('lastauth is a link to a file of root', 'ok', %make);
	$untouched->('lastauth');
	is owner_and_mode("$domain/joe/lastauth"), "$vpopmail $vchkpw 0600", '... the link is replaced';
	$link->("$closed/target", "$domain/joe/lastauth");
	row('lastauth is a link, SMTP', 'ok', %make, env => {});
	$untouched->('lastauth, SMTP');
	ok -l "$domain/joe/lastauth", '... the link stays';

	$link->($closed, "$domain/eve");
	$link->($closed, "$domain/1");
	$link->("$closed/new", "$domain/bob");
	users($joe, map { vpasswd_line($_->[0], $hash, "$domain/$_->[1]") } [qw(eve eve)], [qw(mallory 1/mallory)], [qw(bob bob)]);
	for my $name (qw(eve mallory bob)) {
		row("$name: a link to a directory of root", 'home', %make, message => "$name\@example.org\0$password\0\0", detail => qr/Permission denied/);
		$untouched->($name);
		row("$name: a link to a directory of root, SMTP", 'ok', %make, env => {}, message => "$name\@example.org\0$password\0\0");
		$untouched->("$name, SMTP");
	}

	# Whatever takes the place of a file: no hang, and none of its content in the log.
	put('/etc/shadow', "root:\$6\$saltsalt\$Geheimnis:19000:0:99999:7:::\njoe:$hash:19000:0:99999:7:::\n", 0, 0, 0600);
	users($joe);
	for my $name (qw(vpasswd.cdb vpasswd .qmailadmin-limits)) {
		unlink "$domain/vpasswd.cdb" if $name eq 'vpasswd';
		my $reason = $name =~ /^vpasswd/ ? 'store' : 'ok';
		$link->('/etc/shadow', "$domain/$name");
		my $got = row("$name is a link to the shadow file", $reason, %pop);
		unlike $got->{log}, qr/Geheimnis/, '... of which nothing is told';
		is $got->{exit}, 111, '... nobody of it is let in' if $name eq 'vpasswd';
		unlink "$domain/$name";
		POSIX::mkfifo("$domain/$name", 0600);
		row("$name is a FIFO", 'store', %pop, detail => qr/not a regular file/);
		$link->('/dev/zero', "$domain/$name");
		row("$name is a link to /dev/zero", 'store', %pop, detail => qr/not a regular file/);
		unlink "$domain/$name";
		users($joe);
	}
	row('all as it was', 'ok', %pop);
}

done_testing;
