# checkpw-passwd with real system accounts: made by useradd and chpasswd, aged by chage, locked by
# usermod and passwd.
#
# Everything happens in a mount namespace of this test's own with a copy of /etc over the real one,
# so the machine is not touched, and nothing is left of the users when the test ends or dies.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Config;
use Fcntl;
use Namespace;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'needs root, to make accounts' if $> != 0;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
for my $tool (qw(useradd usermod groupadd chpasswd chage passwd setpriv unshare)) {
	plan skip_all => "$tool is not installed" if !grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
own_namespace();
my $sanitized = read_file(checker('checkpw-passwd')) =~ /__asan_init/;

# A checker that hangs must not hang the tests.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 300;

my $dir = scratch();
my $conf = '/etc/checkpw/checkpw-passwd.conf';
my $wrong = 'Falsch-4482';
my ($setpriv) = grep { -x } '/usr/bin/setpriv', '/bin/setpriv';
my $today = int(time / 86400);

# What the test runner left open is not the checker's business.
POSIX::close($_) for 16 .. 1023;

{
	# /tmp may be mounted without set-id bits.
	mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
	mkdir "$dir/$_" or die "mkdir: $!" for qw(etc home cores bin tests);
	must('cp', '-a', '/etc/.', "$dir/etc");
	mount_on('/etc', '--bind', "$dir/etc");
	must('cp', '-p', build_dir() . "/tests/$_", "$dir/tests") for qw(probe spawn);
	chmod 0777, "$dir/cores";
	mkdir '/etc/checkpw';
	unlink '/etc/nologin', '/etc/default/useradd';
	put('/etc/nsswitch.conf', join('', map { "$_: files\n" } qw(passwd group shadow gshadow)));
	put('/etc/shells', "/bin/sh\n");
}

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner // 0, $group // 0, $path or die "chown $path: $!";
	chmod $mode // 0644, $path or die "chmod $path: $!";
	return $path;
}

# A copy of the checker with an owner and set-id bits.
sub copy {
	my ($name, $owner, $group, $mode) = @_;
	return put("$dir/bin/$name", read_file(checker('checkpw-passwd')), $owner, $group, $mode);
}

# ---- the accounts --------------------------------------------------------------------------------

my %gid = (cpwmain => 61_200, cpwone => 61_201, cpwtwo => 61_202, cpwmail => 61_203);
must('groupadd', '-g', $gid{$_}, $_) for sort keys %gid;
my $next_uid = 61_300;
my %uid;

sub password { return "Kennwort-$_[0]" }

# Makes an account with a home and a password. `method` is one of chpasswd's; `more` goes to useradd.
sub account {
	my ($name, %given) = @_;
	$uid{$name} = $given{uid} // $next_uid++;
	must('useradd', '-l', '-M', '-N', '-o', '-u', $uid{$name}, '-g', $given{group} // 'cpwmain', '-d', "$dir/home/$name",
		'-s', '/bin/sh', @{ $given{more} || [] }, $name);
	mkdir "$dir/home/$name", 0700 or die "mkdir: $!";
	chown $uid{$name}, 0, "$dir/home/$name";
	chpasswd($name, password($name), $given{method} // 'MD5');
	return $name;
}

sub chpasswd {
	my ($name, $password, @method) = @_;
	open my $chpasswd, '|-', 'chpasswd', '-c', @method or die "chpasswd: $!";
	print {$chpasswd} "$name:$password\n";
	close $chpasswd or die "chpasswd -c @method: failed\n";
}

# The line of `name` in /etc/passwd or /etc/shadow, changed by code that gets its fields; undef
# from the code takes the line away.
sub edit {
	my ($file, $name, $code) = @_;
	my @lines = split /(?<=\n)/, read_file("/etc/$file");
	my $seen = 0;
	for my $line (@lines) {
		next if $line !~ /^\Q$name\E:/;
		$seen++;
		chomp $line;
		my @fields = $code->(split /:/, $line, -1);
		$line = @fields ? join(':', @fields) . "\n" : '';
	}
	die "$name is not in $file\n" if $seen != 1;
	put("/etc/$file", join('', @lines), 0, 0, $file eq 'shadow' ? 0600 : 0644);
}

sub set_field {
	my ($file, $name, $index, $value) = @_;
	edit($file, $name, sub { my @fields = @_; $fields[$index] = $value; return @fields });
}

sub hash_of {
	my ($name) = @_;
	my ($hash) = read_file('/etc/shadow') =~ /^\Q$name\E:([^:]*):/m or die "$name has no shadow entry\n";
	return $hash;
}

# ---- running it ----------------------------------------------------------------------------------

# mail starts the checker and is in the group that may; stranger is not.
my ($mail, $stranger) = (61_400, 61_401);
sub as { my ($id, @groups) = @_; return ($setpriv, "--reuid=$id", "--regid=$id", @groups ? '--groups=' . join(',', @groups) : '--clear-groups', '--') }
my @as_mail = as($mail, $gid{cpwmail}, 61_450);

my $plain = copy('plain', 0, 0, 0755);
my $setuid = copy('setuid', 0, $gid{cpwmail}, 04750);
my $probe = "$dir/tests/probe";
my $spawn = "$dir/tests/spawn";

# The three ways to run it: name, who starts what, further configuration.
my @started_as_root = (before => [], program => [$plain]);
my @setuid_becomes = (before => \@as_mail, program => [$setuid]);
my @setuid_checks = (before => \@as_mail, program => [$setuid], conf => "become = no\n");
my @ways = ([ 'root', @started_as_root ], [ 'set-uid', @setuid_becomes ], [ 'set-uid, become = no', @setuid_checks ]);
@ways = $ways[0] if $sanitized;

my @leaks;

# The default, yescrypt, takes its time: it is left to the tests of memory.
my $cheap = crypt 'decoy', '$1$abcdefgh$';

# A run for `login` with its password, or `password`, or a whole `message`. ->{outcome} is the exit
# code, the reason of the log and whether the subprogram ran.
sub run {
	my (%given) = @_;
	put($conf, "log = stderr\n" . ($given{decoy} // "decoy = $cheap\n") . ($given{conf} // '') . ($given{more} // ''));
	unlink "$dir/probe.out";
	my $login = $given{login} // 'cpwtest1';
	my $got = attempt(message => "$login\0" . ($given{password} // password($login)) . "\0\0",
		subprogram => [ $probe, "$dir/probe.out", '/etc/shadow' ], @started_as_root, %given,
		env => { CHECKPW_CONF => $conf, %{ $given{env} || {} } });
	push @leaks, $got->{log} if $got->{log} =~ /Kennwort|\Q$wrong\E|\$(?:y|6|5|1|2b)\$/ || $got->{stdout} ne '';
	$got->{outcome} = join ' ', $got->{signal} ? "signal $got->{signal}" : $got->{exit}, $got->{line} ? $got->{line}{reason} : '-',
	  $got->{probe} ? 'ran' : ();
	return $got;
}

my %exit_of = (
	ok => 0, map({ $_ => 111 } qw(store home nologin memory configuration privileges)),
);

# One way of running it: the reason, the exit code that belongs to it, and whether the subprogram ran.
sub row {
	my ($name, $reason, %given) = @_;
	my $got = run(%given);
	my $exit = $given{exit} // $exit_of{$reason} // 1;
	is $got->{outcome}, "$exit $reason" . ($exit ? '' : ' ran'), $name or diag $got->{log};
	like $got->{line}{detail} // '', $given{detail}, "... $name: the detail" if $given{detail};
	return $got;
}

# The same in all ways.
sub rows {
	my ($name, $reason, %given) = @_;
	for my $way (@ways) {
		my ($how, @how) = @$way;
		row("$name ($how)", $reason, @how, %given);
	}
}

# What the subprogram must find: all that it would find if it were started without a checker, as
# the account if that is become, and with the variables that are set. `odd` is the state of the
# process, as words before a program.
sub state_is {
	my ($name, $expected, %given) = @_;
	my ($as, $home, $variables) = @{$expected}{qw(as home env)};
	my @odd = @{ $given{odd} || [] };
	my $got = run(%given, before => [ @{ $given{before} || [] }, @odd ]);
	my $direct = run(%given, program => [], before => [ @{ $as || $given{before} || [] }, @odd ],
		child => sub { $home && (chdir $home or die "chdir: $!") });
	$direct->{probe}{descriptors} =~ s/ 3\b//;
	$direct->{env} = { %{ $direct->{env} }, %{ $variables || {} } };
	is_deeply [ @{$got}{qw(outcome probe env)} ], [ '0 ok ran', @{$direct}{qw(probe env)} ], $name or diag $got->{log};
	is $got->{probe}{$_}, '0' x 16, "... $name: $_" for $expected->{root} ? () : qw(CapPrm CapEff CapAmb);
	return $got;
}

# In the place of the probe: counts the ways back to root, which must be none.
my $regain = [ $^X, '-e', <<'PERL', $Config{archname} =~ /^x86_64/ ? 1 : 0 ];
use POSIX ();
my ($can_call) = @ARGV;
my $won = 0;
$> = 0; $won++ if $> == 0;
$< = 0; $won++ if $< == 0;
($<, $>) = (0, 0); $won++ if $< == 0;
$won++ if POSIX::setuid(0);
$won++ if $can_call && syscall(117, 0, 0, 0) == 0; # setresuid
$won++ if $can_call && syscall(119, 0, 0, 0) == 0; # setresgid
$won++ if $can_call && syscall(116, 0, 0) == 0; # setgroups
$) = '0 0'; $won++ if "$)" =~ /^0 /;
$( = 0; $won++ if "$(" =~ /^0 /;
$won++ if POSIX::setgid(0);
open my $status, '<', '/proc/self/status' or exit 90;
while (<$status>) { $won++ if /^Cap(?:Prm|Eff|Amb|Inh):\s*(\S+)/ && $1 !~ /^0+$/ }
$won++ if open my $store, '<', '/etc/shadow';
exit $won;
PERL

account('cpwtest1', more => [ '-G', 'cpwone,cpwtwo' ]);
account('cpwtest2');

# ---- every hash that chpasswd makes, in every way ------------------------------------------------

my ($methods) = `chpasswd --help 2>&1` =~ /one of ([A-Z0-9 ]+)\)/ or die "chpasswd names no methods\n";
my %begins = (DES => qr/^[^\$]{13}$/, MD5 => qr/^\$1\$/, SHA256 => qr/^\$5\$/, SHA512 => qr/^\$6\$/, YESCRYPT => qr/^\$y\$/, BCRYPT => qr/^\$2/);
my @methods = grep { $_ ne 'NONE' } split ' ', $methods;
cmp_ok scalar @methods, '>=', 4, "chpasswd makes @methods";
for my $method (@methods) {
	my $name = account('cpw' . lc $method, method => $method, more => [ '-G', 'cpwtwo' ]);
	like hash_of($name), $begins{$method} // qr/^\$/, "$method is what chpasswd stored";
	# Of a DES password eight bytes count: the wrong one must differ in those.
	chpasswd($name, 'Kennwort', 'DES') if $method eq 'DES';
	my $password = $method eq 'DES' ? 'Kennwort' : password($name);
	for my $way (@ways) {
		my ($how, @how) = @$way;
		row("$method, right ($how)", 'ok', @how, login => $name, password => $password);
		row("$method, wrong ($how)", 'mismatch', @how, login => $name, password => "x$password");
	}
	row("$method, longer", 'mismatch', login => $name, password => "${password}x") if $method ne 'DES';
	my $got = run(login => $name, password => hash_of($name));
	is $got->{exit}, 1, "$method, the text of the hash is no password";
	is $got->{line}{reason}, 'hash-text', '... and the log says so';
}

# ---- becoming the account ------------------------------------------------------------------------

my %as_account = (
	as => [ $setpriv, "--reuid=$uid{cpwtest1}", "--regid=$gid{cpwmain}", '--groups=' . join(',', sort @gid{qw(cpwmain cpwone cpwtwo)}), '--' ],
	home => "$dir/home/cpwtest1",
	env => { USER => 'cpwtest1', HOME => "$dir/home/cpwtest1", SHELL => '/bin/sh' },
);
my %other = (env => { LANG => 'C', USER => 'mail', HOME => '/var/empty', OTHER => 'stays', TCPREMOTEIP => '192.0.2.1' });
my @odd = ($spawn, map({ ($_ % 2 ? '-b' : '-i', $_) } 1 .. 8, 12 .. 16), '-a', 1000, '-u', '027', map { ('-l', $_) } '4=12345', '7=64');

sub becomes {
	my ($name, %given) = @_;
	my $got = state_is($name, { %as_account, %{ $given{expected} || {} } }, %other, %given);
	is_deeply [ @{ $got->{probe} }{qw(uid gid groups cwd descriptors open)} ],
	  [ "$uid{cpwtest1} " x 2 . $uid{cpwtest1}, "$gid{cpwmain} " x 2 . $gid{cpwmain}, join(' ', sort @gid{qw(cpwmain cpwone cpwtwo)}),
		"$dir/home/cpwtest1", '0 1 2', '/etc/shadow Permission denied' ],
	  "... $name: ids, groups, home, descriptors, no shadow";
	is run(%other, %given, subprogram => $regain)->{exit}, 0, "... $name: nothing can be taken back";
}
becomes('root becomes the account', @started_as_root);
becomes('root with other groups becomes the account', before => [ $setpriv, '--regid=61455', '--groups=0,61456', '--' ]);
becomes('with odd signals, limits, umask, an alarm', @started_as_root, odd => \@odd);
isnt run(program => [], before => [ $setpriv, '--clear-groups', '--' ], subprogram => $regain)->{exit}, 0,
  'the way back is found where there is one';
SKIP: {
	skip 'the loader or the sanitizer needs them', 1 if $sanitized;
	# Capabilities that survive a change of the user unless they are given up.
	for my $case ([ 'inheritable', '--inh-caps=+net_raw,+chown' ], [ 'ambient', '--inh-caps=+net_raw', '--ambient-caps=+net_raw' ],
		[ 'kept by securebits', '--inh-caps=+setuid', '--securebits=+no_setuid_fixup' ]) {
		my ($what, @options) = @$case;
		is run(before => [ $setpriv, @options, '--' ], subprogram => $regain)->{outcome}, '0 ok', "capabilities, $what: none is left";
	}
}

SKIP: {
	skip 'a sanitized build does not work set-uid', 1 if $sanitized;
	becomes('set-uid root becomes the account', @setuid_becomes);
	becomes('set-uid root, with odd signals, limits, umask, an alarm', @setuid_becomes, odd => \@odd);
	for my $case ([ 'his group is that of the program', 0, "--regid=$gid{cpwmail}", '--clear-groups' ],
		[ 'he is in the group of the program', 0, "--regid=$stranger", "--groups=$gid{cpwmail}" ],
		[ 'a stranger', 1, "--regid=$stranger", '--groups=' . $gid{cpwone} ]) {
		my ($who, $refused, @groups) = @$case;
		# Through another program, for setpriv itself still has root's capabilities at its exec.
		my $got = run(before => [ $setpriv, "--reuid=$stranger", @groups, '--', '/usr/bin/env' ], program => [$setuid]);
		if ($refused) {
			ok !$got->{probe} && $got->{exit} != 0 && !$got->{line}, "4750: $who cannot run it" or diag $got->{log};
			like $got->{log}, qr/Permission denied/, '... the kernel says';
		} else {
			is $got->{outcome}, '0 ok ran', "4750: $who";
		}
	}
}

# ---- become = no ---------------------------------------------------------------------------------

SKIP: {
	skip 'a sanitized build does not work set-uid', 1 if $sanitized;
	for my $case ([ 'become = no', [] ], [ 'become = no, odd signals, limits, umask, an alarm', \@odd ]) {
		my ($name, $odd) = @$case;
		my $got = state_is($name, {}, %other, @setuid_checks, odd => $odd);
		is_deeply [ @{ $got->{probe} }{qw(uid gid groups open)} ],
		  [ "$mail $mail $mail", "$mail $mail $mail", "$gid{cpwmail} 61450", '/etc/shadow Permission denied' ],
		  "... $name: the ids of the caller, no shadow";
	}
	is run(@setuid_checks, subprogram => $regain)->{outcome}, '0 ok', '... nothing can be taken back';
	my $shadow_gid = 61_460;
	chown 0, $shadow_gid, '/etc/shadow';
	chmod 0640, '/etc/shadow';
	my $setgid = copy('setgid', 0, $shadow_gid, 02755);
	my $got = state_is('become = no, set-gid to the group of /etc/shadow', {}, %other, @setuid_checks, program => [$setgid]);
	is $got->{probe}{open}, '/etc/shadow Permission denied', '... no shadow for the subprogram';
	is run(@setuid_checks, program => [$setgid], subprogram => $regain)->{outcome}, '0 ok', '... nothing can be taken back';
	row('become = yes, set-gid to the group of /etc/shadow', 'privileges', @setuid_becomes, program => [$setgid],
		detail => qr/^"uid $mail cannot become another user: not started as root, and no set-uid bit"$/);
	chmod 0600, '/etc/shadow';
}
{
	my $got = state_is('become = no, started by root: stays root', { root => 1 }, %other, @started_as_root, conf => "become = no\n");
	is $got->{probe}{uid}, '0 0 0', '... and root it is';
}

# ---- home ----------------------------------------------------------------------------------------

{
	my %home = (login => 'cpwtest2');
	my $shown = "$dir/home/cpwtest2";
	my @root = (more => "missing-home = root\n");
	my @cases = (
		[ 'a missing home', "$dir/home/none", qr/^"home \\x22\Q$dir\E.*none\\x22: No such file or directory"$/ ],
		[ 'a home that is a file', '/etc/passwd', qr/: Not a directory"$/ ],
		[ 'a home of somebody else', "$dir/home/cpwtest1", qr/: Permission denied"$/ ],
		[ 'a relative home', 'home', qr/: not an absolute path"$/ ],
		[ 'a home that is .', '.', qr/: not an absolute path"$/ ],
		[ 'an empty home', '', qr/: not an absolute path"$/ ],
	);
	for my $case (@cases) {
		my ($name, $home, $detail) = @$case;
		set_field('passwd', 'cpwtest2', 5, $home);
		for my $way (@ways) {
			my ($how, @how) = @$way;
			if ($how =~ /become = no/) {
				row("$name ($how)", 'ok', @how, %home);
				next;
			}
			row("$name ($how)", 'home', @how, %home, detail => $detail);
			my $got = row("$name, missing-home = root ($how)", 'ok', @how, %home, @root);
			is_deeply [ $got->{probe}{cwd}, @{ $got->{env} }{qw(HOME USER)} ], [ '/', '/', 'cpwtest2' ], '... is in /, and says so';
			row("$name, missing-home = fail ($how)", 'home', @how, %home, more => "missing-home = fail\n");
		}
	}
	set_field('passwd', 'cpwtest2', 5, $shown);
	is row('missing-home = root, and the home exists', 'ok', %home, @root)->{probe}{cwd}, $shown, '... is in it';
	my $got = run(subprogram => ["$dir/missing"]);
	is $got->{exit}, 111, 'a missing subprogram';
	like $got->{log}, qr/ reason=ok .*\n.* auth-temp .* reason=exec user="cpwtest1" detail="\Q$dir\E\/missing: No such file or directory"\n\z/, '... is logged';
}

# ---- expired, locked, empty ----------------------------------------------------------------------

{
	account('cpwaged');
	my %aged = (login => 'cpwaged');
	my @usual = qw(-E -1 -M 99999 -I -1 -d);
	die "the day ended; run this test again\n" if int((time + 60) / 86400) != $today;
	for my $case (
		[ 'expired yesterday', 'account-expired', '-E', $today - 1 ],
		[ 'expires today', 'account-expired', '-E', $today ],
		[ 'expires tomorrow', 'ok', '-E', $today + 1 ],
		[ 'expired on the first day', 'account-expired', '-E', 0 ],
		[ 'never expires', 'ok', '-E', -1 ],
		[ 'the password is too old by a day', 'password-expired', '-M', 10, '-d', $today - 11 ],
		[ 'the password is too old by a day, an inactive period goes on', 'password-expired', '-M', 10, '-d', $today - 11, '-I', 100 ],
		[ 'the last day of the password', 'ok', '-M', 10, '-d', $today - 10 ],
		[ 'the password has no maximum age', 'ok', '-M', -1, '-d', 1 ],
		[ 'the password must be changed', 'change-due', '-d', 0 ],
		[ 'no date of the last change', 'ok', '-d', -1, '-M', 0 ],
		) {
		my ($name, $reason, @chage) = @$case;
		must('chage', @usual, $today, 'cpwaged');
		must('chage', @chage, 'cpwaged');
		rows($name, $reason, %aged);
		row("$name, and the password is wrong", 'mismatch', %aged, password => $wrong) if $reason ne 'ok';
	}
	must('chage', @usual, $today, 'cpwaged');

	for my $case (
		[ 'usermod -L', 'locked', 'usermod', '-L', 'cpwaged' ],
		[ 'usermod -U', 'ok', 'usermod', '-U', 'cpwaged' ],
		[ 'passwd -l', 'locked', 'passwd', '-l', 'cpwaged' ],
		[ 'passwd -u', 'ok', 'passwd', '-u', 'cpwaged' ],
		[ 'usermod -e 1', 'account-expired', 'usermod', '-e', '1970-01-02', 'cpwaged' ],
		[ 'usermod -e ""', 'ok', 'usermod', '-e', '', 'cpwaged' ],
		[ 'passwd -e', 'change-due', 'passwd', '-e', 'cpwaged' ],
		[ 'passwd -d', 'empty-secret', 'passwd', '-d', 'cpwaged' ],
		) {
		my ($name, $reason, @command) = @$case;
		must(@command);
		rows($name, $reason, %aged);
	}
	row('passwd -d, an empty password', 'empty', %aged, password => '');
	must('chage', @usual, $today, 'cpwaged');
	row('passwd -d, an empty password, not due', 'empty', %aged, password => '');
}

# ---- what stands in passwd and in shadow ---------------------------------------------------------

{
	my $name = account('cpwfield');
	my %login = (login => $name);
	my $hash = hash_of($name);
	for my $case (
		[ '*', 'locked' ], [ '!', 'locked' ], [ '!!', 'locked' ], [ '!*', 'locked' ], [ '*LK*', 'locked' ], [ "!$hash", 'locked' ], [ "*$hash", 'locked' ],
		[ '', 'empty-secret' ], [ 'x', 'no-shadow' ],
		[ password($name), 'bad-secret' ], [ '{PLAIN}' . password($name), 'bad-secret' ], [ '{PLAIN}', 'bad-secret' ],
		[ '{CRYPT}' . $hash, 'bad-secret' ], [ " $hash", 'bad-secret' ], [ "\$9\$x\$" . password($name), 'bad-secret' ],
		[ substr($hash, 0, -1), qr/bad-secret|mismatch/ ], [ '$', 'bad-secret' ], [ '$y$', qr/bad-secret/ ],
		) {
		my ($field, $reason) = @$case;
		for my $file ('shadow', 'passwd') {
			set_field($file, $name, 1, $field);
			my $shown = $field =~ /Kennwort/ ? $field =~ s/Kennwort-\w+/the password/r : $field;
			if (ref $reason) {
				like run(%login)->{outcome}, qr/^1 (?:$reason)$/, "$file holds '$shown'";
			} elsif ($file eq 'passwd' && $field eq 'x') {
				rows("$file holds 'x', shadow the hash", 'ok', %login);
			} else {
				rows("$file holds '$shown'", $reason, %login);
			}
			like run(%login, password => $field)->{outcome}, qr/^1 /, '... which is no password' if $field ne '';
			set_field('shadow', $name, 1, $hash);
			set_field('passwd', $name, 1, 'x');
		}
	}
	# A plaintext that DES could have made.
	set_field('shadow', $name, 1, 'passwordabcdE');
	like run(%login, password => 'passwordabcdE')->{outcome}, qr/^1 (?:hash-text|mismatch)$/, 'a plaintext of 13 characters in shadow is no password';
	set_field('shadow', $name, 1, $hash);

	set_field('passwd', $name, 1, crypt(password($name), '$1$abcdefgh$'));
	set_field('shadow', $name, 1, '!');
	rows('a hash in passwd itself', 'ok', %login);
	row('a hash in passwd itself, wrong password', 'mismatch', %login, password => $wrong);
	my $shadow = read_file('/etc/shadow');
	edit('shadow', $name, sub { return });
	rows('a hash in passwd itself, no entry in shadow', 'ok', %login);
	rename '/etc/shadow', '/etc/shadow.away';
	rows('a hash in passwd itself, no /etc/shadow', 'ok', %login);
	rows('no login of that name, no /etc/shadow', 'mismatch', login => 'cpwnobody');
	rename '/etc/shadow.away', '/etc/shadow';
	set_field('passwd', $name, 1, 'x');
	rows('no entry in shadow', 'no-shadow', %login, detail => qr/^"x stands for a hash in shadow\(5\), and there is none"$/);
	set_field('passwd', $name, 1, '');
	rows('an empty field in passwd', 'empty-secret', %login);
	put('/etc/shadow', $shadow, 0, 0, 0600);
	edit('passwd', $name, sub { return });
	rows('an entry in shadow, none in passwd', 'mismatch', %login);
}
{
	# uid and gid -1 mean "leave it as it is" to setresuid.
	account('cpwodd');
	set_field('passwd', 'cpwodd', 2, 4_294_967_295);
	like run(login => 'cpwodd')->{outcome}, qr/^(?:111 privileges|1 mismatch)$/, 'uid -1 is never become';
	set_field('passwd', 'cpwodd', 2, $uid{cpwodd});
	set_field('passwd', 'cpwodd', 3, 4_294_967_295);
	like run(login => 'cpwodd')->{outcome}, qr/^(?:111 privileges|1 mismatch)$/, 'gid -1 is never become';
	edit('passwd', 'cpwodd', sub { return });
}

# ---- trouble ---------------------------------------------------------------------------------------

{
	my @logins = ([ 'a login', 'cpwtest1' ], [ 'an unknown login', 'cpwnobody' ]);
	for my $case (@logins) {
		my ($who, $login) = @$case;
		row("$who, the set-uid bit is missing", 'store', login => $login, before => \@as_mail,
			detail => qr{^"/etc/shadow: Permission denied \(as uid $mail\): is the program set-uid root\?"$});
		row("$who, the set-uid bit does not count", 'store', login => $login, program => [$setuid],
			before => [ $setpriv, '--no-new-privs', @as_mail[ 1 .. $#as_mail ] ], detail => qr/is the program set-uid root/) if !$sanitized;
	}
	my $nsswitch = read_file('/etc/nsswitch.conf');
	for my $broken ('passwd: nosuch', 'shadow: nosuch', 'passwd:', 'shadow:', 'passwd: nosuch [UNAVAIL=return] files', 'shadow: nosuch [UNAVAIL=return] files') {
		my ($database) = $broken =~ /^(\w+)/;
		put('/etc/nsswitch.conf', $nsswitch =~ s/^$database: .*/$broken/mr);
		for my $case (@logins) {
			my ($who, $login) = @$case;
			rows("$who, nsswitch.conf says '$broken'", 'store', login => $login, detail => qr/^"$database: .*nsswitch\.conf/);
		}
	}
	SKIP: {
		skip 'nss-systemd is not installed', 1 if !glob '/lib/*/libnss_systemd.so.2 /usr/lib/*/libnss_systemd.so.2';
		for my $database ('passwd', 'shadow') {
			put('/etc/nsswitch.conf', $nsswitch =~ s/^$database: .*/$database: nosuch systemd/mr);
			like run()->{outcome}, qr/^111 store$/, "nsswitch.conf says '$database: nosuch systemd'";
		}
	}
	set_field('passwd', 'cpwtest2', 1, hash_of('cpwtest2'));
	put('/etc/nsswitch.conf', $nsswitch =~ s/^shadow: .*/shadow: nosuch/mr);
	rows('a hash in passwd itself, nothing answers for shadow', 'ok', login => 'cpwtest2');
	set_field('passwd', 'cpwtest2', 1, 'x');
	put('/etc/nsswitch.conf', "garbage\n\0\xff: : :\n");
	like run()->{outcome}, qr/^(?:0 ok ran|111 store)$/, 'garbage in nsswitch.conf';
	put('/etc/nsswitch.conf', '');
	rows('an empty nsswitch.conf: libc takes the files', 'ok');
	unlink '/etc/nsswitch.conf';
	rows('no nsswitch.conf: libc takes the files', 'ok');
	put('/etc/nsswitch.conf', $nsswitch =~ s/^group: .*/group: nosuch/mr);
	my $got = row('group: nosuch', 'ok');
	is $got->{probe}{groups}, $gid{cpwmain}, '... only the primary group is left';
	row('group: nosuch, and a list names one', 'configuration', more => "allow = \@cpwone\n", detail => qr/^"group cpwone of allow or deny: /);
	put('/etc/nsswitch.conf', $nsswitch);

	rename '/etc/passwd', '/etc/passwd.away';
	rows('no /etc/passwd', 'store');
	rename '/etc/passwd.away', '/etc/passwd';
	rename '/etc/shadow', '/etc/shadow.away';
	rows('no /etc/shadow', 'store');
	rename '/etc/shadow.away', '/etc/shadow';
	rows('all is well again', 'ok');
	rows('a faulty configuration', 'configuration', more => "becom = yes\n", detail => qr{^"$conf: line \d+: unknown key"$});
}

# ---- root, min-uid, lists, nologin, shells -------------------------------------------------------

{
	chpasswd('root', password('root'), 'MD5');
	account('cpwtoor', uid => 0);
	account('cpwgroup0', group => 'root');
	account('cpwin0', more => [ '-G', 'root,cpwone' ]);
	for my $login (qw(root cpwtoor cpwgroup0 cpwin0)) {
		for my $way (@ways) {
			my ($how, @how) = @$way;
			# Where nothing is become, supplementary groups are not asked for.
			my $reason = $login eq 'cpwin0' && $how =~ /become = no/ ? 'ok' : 'min-uid';
			row("$login ($how)", $reason, @how, login => $login);
		}
		row("$login, min-uid = 1", 'min-uid', login => $login, more => "min-uid = 1\n");
		row("$login, min-uid = 1000", 'min-uid', login => $login, more => "min-uid = 1000\n");
		rows("$login, min-uid = 0", 'ok', login => $login, more => "min-uid = 0\n");
		row("$login, min-uid = 0, wrong password", 'mismatch', login => $login, password => $wrong, more => "min-uid = 0\n");
	}
	my $got = run(login => 'root', more => "min-uid = 0\n");
	is $got->{probe}{uid}, '0 0 0', 'root is become where it is allowed';
	is $got->{env}{HOME}, $got->{probe}{cwd}, '... and is at home';
	$got = run(login => 'cpwin0', more => "min-uid = 0\n");
	is_deeply [ @{ $got->{probe} }{qw(uid groups)} ], [ join(' ', ($uid{cpwin0}) x 3), "0 $gid{cpwmain} $gid{cpwone}" ], 'group 0 is taken where it is allowed'
	  or diag $got->{log};
	for my $case ([ 'below', $uid{cpwtest1} + 1, 'min-uid' ], [ 'equal', $uid{cpwtest1}, 'ok' ], [ 'above', $uid{cpwtest1} - 1, 'ok' ]) {
		my ($name, $least, $reason) = @$case;
		rows("a uid $name min-uid", $reason, more => "min-uid = $least\n");
	}
}
for my $case (
	[ 'ok', 'allow = cpwtest1' ], [ 'not-allowed', 'allow = cpwtest2' ], [ 'ok', 'allow = cpwtest2, cpwtest1' ], [ 'ok', "allow = cpwtest2\tcpwtest1" ],
	[ 'ok', 'allow = @cpwone' ], [ 'ok', 'allow = @cpwmain' ], [ 'not-allowed', 'allow = @cpwmail' ], [ 'ok', 'allow = nobody,@cpwmail, @cpwtwo' ],
	[ 'not-allowed', 'allow = cpwone' ], [ 'not-allowed', 'allow = cpwtest' ], [ 'not-allowed', 'allow = cpwtest11' ], [ 'configuration', 'allow = ,' ], [ 'configuration', 'deny = ,' ],
	[ 'configuration', 'deny = joe;cpwtest1' ], [ 'configuration', 'deny = "cpwtest1"' ], [ 'configuration', 'deny = %cpwone' ],
	[ 'not-allowed', 'deny = cpwtest1' ], [ 'ok', 'deny = cpwtest2' ], [ 'not-allowed', 'deny = @cpwtwo' ], [ 'not-allowed', 'deny = x, @cpwmain' ],
	[ 'ok', 'deny = @cpwmail' ], [ 'not-allowed', "allow = cpwtest1\ndeny = \@cpwone" ], [ 'ok', "allow = \@cpwone\ndeny = cpwtest2" ],
	[ 'configuration', 'allow = @cpwnosuch' ], [ 'configuration', 'deny = @cpwnosuch' ], [ 'configuration', 'allow = cpwtest1, @cpwnosuch' ],
	[ 'configuration', 'allow = @' ], [ 'configuration', 'allow = ' . 'a' x 300 ], [ 'configuration', 'allow =' ],
	) {
	my ($reason, $list) = @$case;
	rows((substr $list, 0, 60) =~ s/\n/; /r, $reason, more => "$list\n");
}
{
	my $groups = read_file('/etc/group');
	put('/etc/group', 'cpwcrowd:x:61290:' . join(',', map { "member$_" } 1 .. 8000) . "\n$groups");
	rows('a group of 80 KB before the one that is named', 'ok', more => "allow = \@cpwone\n");
	rows('a group of 80 KB is named', 'not-allowed', more => "allow = \@cpwcrowd\n");
	put('/etc/group', $groups . join '', map { "cpwmany$_:x:" . (64_000 + $_) . ":cpwtest1\n" } 1 .. 300);
	my $got = row('300 groups', 'ok');
	is scalar(grep { $_ > 64_000 } split ' ', $got->{probe}{groups}), 300, '... the subprogram has them all';
	rows('the last of 300 groups is named', 'not-allowed', more => "deny = \@cpwmany300\n");
	put('/etc/group', $groups);
}
for my $bytes (900, 4_200, 60_000) {
	my %before = map { $_ => read_file("/etc/$_") } qw(passwd shadow);
	put('/etc/passwd', 'cpwlong:x:61291:61291:' . 'g' x $bytes . ":/:/bin/sh\n" . $before{passwd} =~ s/^(cpwtest1:(?:[^:]*:){3})[^:]*/$1 . 'g' x $bytes/mer);
	put('/etc/shadow', 'cpwlong:!' . 'x' x $bytes . ":1:0:99999:7:::\n$before{shadow}", 0, 0, 0600);
	rows("lines of $bytes bytes", 'ok');
	rows("lines of $bytes bytes, a wrong password", 'mismatch', password => $wrong);
	rows("lines of $bytes bytes, an unknown login", 'mismatch', login => 'cpwnosuch', password => $wrong);
	put("/etc/$_", $before{$_}, 0, 0, $_ eq 'passwd' ? 0644 : 0600) for qw(passwd shadow);
}
row('an unknown group is named', 'configuration', more => "deny = \@cpwnosuch\n", detail => qr/^"group cpwnosuch of allow or deny: no such group"$/);
row('... to him who knows the password only', 'mismatch', more => "deny = \@cpwnosuch\n", password => $wrong);

rows('nologin = yes, no /etc/nologin', 'ok', more => "nologin = yes\n");
put('/etc/nologin', "closed\n");
rows('nologin = yes, /etc/nologin', 'nologin', more => "nologin = yes\n");
row('nologin = yes, /etc/nologin, wrong password', 'mismatch', more => "nologin = yes\n", password => $wrong);
rows('/etc/nologin, not asked for', 'ok');
row('nologin = yes, /etc/nologin, root', 'ok', login => 'root', more => "nologin = yes\nmin-uid = 0\n");
unlink '/etc/nologin';

account('cpwshell', more => [ '-s', '/bin/true' ]);
rows('valid-shell = yes, not in /etc/shells', 'shell', login => 'cpwshell', more => "valid-shell = yes\n");
is row('a shell not in /etc/shells, not asked for', 'ok', login => 'cpwshell')->{env}{SHELL}, '/bin/true', '... is $SHELL';
put('/etc/shells', "# /bin/true\n/bin/truely\n/bin/sh\n");
row('valid-shell = yes, a comment names it', 'shell', login => 'cpwshell', more => "valid-shell = yes\n");
unlink '/etc/shells';
rows('valid-shell = yes, no /etc/shells: nothing is taken for listed', 'configuration', more => "valid-shell = yes\n", detail => qr{^"/etc/shells: });
put('/etc/shells', "/bin/sh\n", undef, undef, 0666);
rows('valid-shell = yes, anybody may write /etc/shells', 'configuration', more => "valid-shell = yes\n", detail => qr{^"/etc/shells: });
put('/etc/shells', "/bin/sh\n/bin/true\n");
rows('valid-shell = yes, in /etc/shells', 'ok', login => 'cpwshell', more => "valid-shell = yes\n");
set_field('passwd', 'cpwshell', 6, '');
is row('valid-shell = yes, no shell: /bin/sh', 'ok', login => 'cpwshell', more => "valid-shell = yes\n")->{env}{SHELL}, '/bin/sh', '... is $SHELL';

# ---- odd logins ----------------------------------------------------------------------------------

for my $login ("cpwtest1\n", "\ncpwtest1", 'cpwtest1 ', ' cpwtest1', 'CPWTEST1', 'cpwtest', 'cpwtest1:', 'cpwtest1:x', ':', '/etc/passwd', '../cpwtest1',
	'cpwtest1/', '+', '-', '+@cpwone', '@cpwone', '#', '*', '%s%n%500d', "\xff\xfe\x01", "cpwtest1\@example.org", $uid{cpwtest1}, 'a' x 255, 'a' x 256, 'a' x 300) {
	my $shown = $login =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ger;
	rows('login ' . substr($shown, 0, 40), 'mismatch', login => $login, password => password('cpwtest1'));
}
{
	# Neither is an account, nor does the line show that NSS does not answer.
	my $passwd = read_file('/etc/passwd');
	put('/etc/passwd', "$passwd+\n-cpwnobody::::::\n");
	rows("login $_, where that is a line of nss_compat", 'mismatch', login => $_) for '+', '-cpwnobody';
	put('/etc/passwd', $passwd);
}
row('log-unknown-login', 'unknown-login', login => 'cpwnobody', more => "log-unknown-login = yes\n");
row('log-unknown-login, a login of 300 bytes', 'unknown-login', login => 'a' x 300, password => $wrong, more => "log-unknown-login = yes\n");
row('no password', 'empty', message => "cpwtest1\0\0\0");
row('no login', 'empty', message => "\0x\0\0");

# ---- callers -------------------------------------------------------------------------------------

{
	my $challenge = challenge();
	my $password = password('cpwtest1');
	my $digest = hmac_md5_hex($challenge, $password);
	my $of_hash = hmac_md5_hex($challenge, hash_of('cpwtest1'));
	rows('S1: qmail-popup', 'ok', message => "cpwtest1\0$password\0$challenge\0");
	rows('S1: qmail-popup, wrong password', 'mismatch', message => "cpwtest1\0$wrong\0$challenge\0");
	rows('S6: Dovecot', 'ok', message => "cpwtest1\0$password\0\0", env => { SERVICE => 'imap' });
	rows('S7: qpsmtpd', 'ok', message => "cpwtest1\0$password\0Y123456\0");
	for my $case ([ 'digest', $digest ], [ 'digest keyed with the hash', $of_hash ]) {
		my ($what, $sent) = @$case;
		my $shown = $what eq 'digest' ? '' : ", $what";
		rows("CRAM-MD5, new order$shown", 'one-way', message => "cpwtest1\0$sent\0$challenge\0");
		rows("CRAM-MD5, old order$shown", 'one-way', message => "cpwtest1\0$challenge\0$sent\0");
	}
	row('CRAM-MD5, an unknown login', 'mismatch', message => "cpwnobody\0$digest\0$challenge\0");
	row('APOP', 'one-way', message => "cpwtest1\0$digest\0$challenge\0", more => "apop = yes\n");

	my %lookup = (more => "dovecot = yes\n", env => { AUTHORIZED => 1 }, message => "cpwtest1\0\0\0");
	my ($group, $home) = (getpwnam 'cpwtest1')[ 3, 7 ];
	my %told = (USER => 'cpwtest1', HOME => $home, EXTRA => 'userdb_uid userdb_gid', userdb_uid => $uid{cpwtest1}, userdb_gid => $group);
	for my $way ([ 'root', @started_as_root ], $sanitized ? () : [ 'set-uid', @setuid_becomes ]) {
		my ($how, @how) = @$way;
		state_is("dovecot = yes, a lookup ($how)", { env => { %told, AUTHORIZED => 2 }, root => $how eq 'root' }, @how, %lookup);
		is run(@how, %lookup)->{line}{mech}, 'lookup', '... is logged as one';
		state_is("dovecot = yes, a login ($how)", { env => \%told, root => $how eq 'root' }, @how, more => "dovecot = yes\n");
		row("dovecot = yes, a lookup of nobody ($how)", 'mismatch', exit => 3, @how, %lookup, message => "cpwnobody\0\0\0");
		row("dovecot = yes, not a lookup ($how)", 'empty', @how, %lookup, env => {});
		row("a lookup, not asked for ($how)", 'empty', @how, %lookup, more => '');
		row("dovecot = yes, a lookup of root ($how)", 'min-uid', exit => 3, @how, %lookup, message => "root\0\0\0");
	}
}

# ---- memory --------------------------------------------------------------------------------------

SKIP: {
	skip 'a sanitized build needs more', 1 if $sanitized;
	my $yescrypt = 'cpwyescrypt';
	skip 'chpasswd makes no yescrypt', 1 if !$uid{$yescrypt};
	my @softlimit = ($spawn, map { ('-l', "$_=7340032") } 2, 3, 8, 9);
	my ($softlimit) = grep { -x } map { "$_/softlimit" } split /:/, $ENV{PATH};
	@softlimit = ($softlimit, '-m', 7_340_032) if $softlimit;
	for my $way (@ways) {
		my ($how, %how) = @$way;
		my @limited = (%how, before => [ @{ $how{before} }, @softlimit ]);
		my $got = row("yescrypt under softlimit -m 7340032 ($how)", 'ok', @limited, login => $yescrypt);
		like $got->{probe}{'limit-9'}, qr/^7340032 /, '... which the subprogram still has';
		row("yescrypt under softlimit, wrong password ($how)", 'mismatch', @limited, login => $yescrypt, password => $wrong);
		my @hard = (%how, before => [ @{ $how{before} }, $spawn, '-l', '9=12000000:12000000' ]);
		row("yescrypt, too low a hard limit ($how)", 'memory', @hard, login => $yescrypt,
			detail => qr/^"hashing needs \d+ bytes of memory, the hard limit is 12000000: /);
		row("yescrypt, too low a hard limit, wrong password ($how)", 'memory', @hard, login => $yescrypt, password => $wrong);
		row("an unknown login, too low a hard limit ($how)", 'memory', @hard, login => 'cpwnobody', password => $wrong, decoy => '');
		row("an unknown login, too low a hard limit, a cheap decoy ($how)", 'mismatch', @hard, login => 'cpwnobody', password => $wrong);
		row("md5crypt, the same hard limit ($how)", 'ok', @hard);
	}
}

# ---- what a user can do with the set-uid program -------------------------------------------------

# Starts a program as `mail` with an empty pipe on descriptor 3 and waits until it sleeps in it.
sub waiting {
	my (@program) = @_;
	pipe my $read, my $write or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		chdir "$dir/cores";
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		POSIX::close(fileno $write);
		POSIX::dup2(fileno $read, 3) if fileno $read != 3;
		$^F = 3;
		open my $three, '<&=', 3;
		fcntl $three, F_SETFD, 0;
		%ENV = (PATH => '/usr/bin:/bin');
		exec 'prlimit', '--core=unlimited', @as_mail, @program;
	}
	my ($program) = $program[0] =~ m{([^/]+)\z};
	for (my $tries = 500;; $tries--) {
		my $status = read_file("/proc/$pid/status") // '';
		last if $status =~ /^Name:\t\Q$program\E\n/ && $status =~ /^State:\tS/m;
		die "$program[0] does not wait: $status\n" if !$tries;
		sleep 0.01;
	}
	return ($pid, $write);
}

# In a process of the same user: which ways into another process are open.
sub spy {
	my ($victim) = @_;
	my %ptrace = (x86_64 => 101, aarch64 => 117, riscv64 => 117);
	my ($machine) = $Config{archname} =~ /^([^-]+)/;
	my $code = <<'PERL';
my ($victim, $ptrace) = @ARGV;
for my $name (qw(environ maps mem)) { print "$name " if open my $file, '<', "/proc/$victim/$name" }
print 'fd ' if opendir my $directory, "/proc/$victim/fd";
print 'cwd ' if readlink "/proc/$victim/cwd";
print 'ptrace ' if $ptrace && syscall($ptrace, 16, $victim + 0, 0, 0) == 0; # PTRACE_ATTACH
print 'end';
PERL
	return attempt(before => \@as_mail, program => [], message => '', subprogram => [ $^X, '-e', $code, $victim, $ptrace{$machine} // 0 ])->{stdout};
}

SKIP: {
	skip 'a sanitized build does not work set-uid', 1 if $sanitized;
	for my $mode ('yes', 'no') {
		put($conf, "log = stderr\nbecome = $mode\n");
		my ($pid, $write) = waiting($setuid, '/bin/true');
		is spy($pid), 'end', "become = $mode: the same user cannot look into it";
		like read_file("/proc/$pid/limits"), qr/^Max core file size +0 /m, '... its core limit is 0';
		kill $_ => $pid for 'SEGV', 'CONT';
		waitpid $pid, 0;
		is $? & 128, 0, '... no core';
		is_deeply [ glob "$dir/cores/*" ], [], '... nor a file';
	}
	my ($pid, $write) = waiting('/bin/sleep', '100');
	like spy($pid), qr/^environ maps mem fd cwd (?:ptrace )?end$/, 'that test sees into another program';
	kill KILL => $pid;
	waitpid $pid, 0;

	my $own = put("$dir/own.conf", "log = none\nmin-uid = 0\ndecoy = x\n", $mail, $mail);
	row('$CHECKPW_CONF is ignored', 'min-uid', @setuid_becomes, login => 'root', env => { CHECKPW_CONF => $own });
	row('$CHECKPW_CONF shows no file', 'ok', @setuid_becomes, env => { CHECKPW_CONF => '/etc/shadow' });
	my @loader = map { ('-e', $_) } "LD_PRELOAD=$dir/none.so", "LD_LIBRARY_PATH=$dir", "LD_AUDIT=$dir/none.so", 'LD_DEBUG=all', "LD_DEBUG_OUTPUT=$dir/cores/debug",
	  "GCONV_PATH=$dir", "LOCPATH=$dir", "HOSTALIASES=$own", "GETCONF_DIR=$dir", "NSS_FILES_passwd=$own";
	row('variables of the loader and the C library', 'ok', @setuid_becomes, before => [ @as_mail, $spawn, @loader ]);
	is_deeply [ glob "$dir/cores/*" ], [], '... leave no file';
	row('descriptors 0 to 2 closed', 'ok', @setuid_becomes, before => [ @as_mail, $spawn, '-c', 0, '-c', 1 ]);
	my $got = run(@setuid_becomes, before => [ @as_mail, $spawn, '-l', '6=0' ], subprogram => [ $probe, "$dir/probe.out" ]);
	like $got->{outcome}, qr/^(?:0 ok ran|111 )/, 'no processes allowed: all or nothing' or diag $got->{log};
	like $got->{probe}{uid} // 'none', qr/^(?:$uid{cpwtest1} \d+ $uid{cpwtest1}|none)$/, '... never root';
}
SKIP: {
	skip 'strace is not installed', 1 if !-x '/usr/bin/strace' || $sanitized;
	row('traced from its start: the bit does not count', 'store', @setuid_becomes, before => [ @as_mail, '/usr/bin/strace', '-o', '/dev/null' ],
		detail => qr/is the program set-uid root/);
}

# ---- the same work for all who are refused -------------------------------------------------------

SKIP: {
	skip 'valgrind is not installed', 1 if !-x '/usr/bin/valgrind';
	skip 'a sanitizer does not run under valgrind', 1 if $sanitized;

	sub instructions {
		my (%given) = @_;
		my $got = run(%given, program => [ qw(/usr/bin/valgrind --tool=callgrind), "--callgrind-out-file=$dir/callgrind.out", $plain ]);
		my ($count) = $got->{log} =~ /Collected : (\d+)/;
		$got->{line} && $got->{exit} == 1 && $count or die "not refused, or not counted: $got->{log}";
		return $count;
	}
	# Enough accounts that a scan shows which ends early, or is left out.
	for my $number (1 .. 40) {
		account("cpwmany$number", method => 'SHA512');
	}
	must('usermod', '-L', 'cpwmany20');
	must('chage', '-E', 1, 'cpwmany21');
	{
		my ($kind, $decoy) = ('sha512crypt', crypt('decoy', '$6$abcdefgh$'));
		my %count;
		for my $case ([ 'wrong password, first', 'cpwmany1' ], [ 'wrong password, last', 'cpwmany40' ], [ 'locked', 'cpwmany20' ],
			[ 'expired', 'cpwmany21' ], [ 'unknown', 'cpwnobody' ]) {
			my ($name, $login) = @$case;
			$count{$name} = instructions(login => $login, password => $wrong, decoy => "decoy = $decoy\n");
		}
		my ($least, $most) = (sort { $a <=> $b } values %count)[ 0, -1 ];
		my $percent = 100 * ($most - $least) / $most;
		cmp_ok $percent, '<', 3, sprintf '%s: %.2f %% between %d and %d instructions', $kind, $percent, $least, $most
		  or diag explain \%count;
	}
}

is_deeply \@leaks, [], 'no password and no hash in the log, nothing on descriptor 1';
done_testing;
