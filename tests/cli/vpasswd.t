# checkpw-vpasswd with users and domains laid out as vpopmail does.
#
# Never as root, who becomes the owner of the domain: see tests/root/vpasswd.t. Root gives up what
# root is before anything is made.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Digest::MD5 'md5_hex';
use POSIX ();
use Test::More;
use Vpopmail;

# A checker that hangs must not hang the tests.
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 400;

my %program = map { $_ => read_file($_) // die "$_: $!" } map { build_dir() . "/$_" } qw(bin/checkpw-vpasswd tests/probe tests/spawn);
if ($> == 0) {
	my $nobody = 65_534;
	$) = "$nobody $nobody";
	$( = $nobody;
	POSIX::setuid($nobody) or die "setuid: $!";
	die "still root\n" if $> == 0 || $< == 0 || "$)" !~ /^$nobody $nobody$/;
}

my $dir = scratch();
# Relative paths would lead to what is there; File::Temp cannot take away where we are.
chdir $dir or die "chdir: $!";
END { chdir '/' }
{
	# The folder of the build may be closed to a user who is not root.
	my $from = build_dir();
	make_path("$dir/build/$_", 0755) for qw(bin tests);
	write_file("$dir/build" . substr($_, length $from), $program{$_}, 0755) for sort keys %program;
	$ENV{CHECKPW_BUILD} = "$dir/build";
	%program = ();
}
my $sanitized = read_file(checker('checkpw-vpasswd')) =~ /__asan_init/;
plan skip_all => "$dir is mounted noexec" if system(build_dir() . '/tests/probe', "$dir/try") != 0;

my $password = 'Kennwort-7391';
my $wrong = 'Falsch-4482';
my $cdb = "$dir/users/cdb";
my $home = "$dir/vpopmail";
my ($uid, $gid) = ($>, $) + 0);

sub domain_dir { my ($domain) = @_; return "$home/domains/$domain" }

my %hash = (
	'5.4' => crypt($password, '$1$abcdefgh$'),
	'5.6' => crypt($password, '$6$rounds=1000$abcdefgh$'),
);

sub write_users {
	my (@entries) = @_;
	make_path("$dir/users");
	unlink glob "$dir/users/*";
	return write_file($cdb, cdb_of(@entries));
}

# An entry of users/cdb that leads to the domain's own directory.
sub entry { my ($domain, $real) = @_; return assign_data($domain, $real // $domain, $uid, $gid, domain_dir($real // $domain)) }

sub user_dir { my ($name, $domain) = @_; return domain_dir($domain // 'example.org') . "/$name" }

# A line of vpasswd for a user of example.org, with the hash of 5.4 unless there is another.
sub user {
	my ($name, %given) = @_;
	return vpasswd_line($name, $given{hash} // $hash{'5.4'}, $given{dir} // user_dir($name, $given{domain}), %given);
}

# vpasswd and vpasswd.cdb of a domain, with these lines and of the same age.
sub write_domain {
	my ($domain, @lines) = @_;
	my $where = make_path(domain_dir($domain));
	my $text = join '', @lines;
	unlink "$where/.qmailadmin-limits";
	write_file("$where/vpasswd", $text);
	write_file("$where/vpasswd.cdb", vpasswd_cdb_of($text));
	utime 1_700_000_000, 1_700_000_000, "$where/vpasswd", "$where/vpasswd.cdb";
	return $where;
}

sub plain { my ($login, $given) = @_; return "$login\0" . ($given // $password) . "\0\0" }

sub cram {
	my ($login, $key, $order) = @_;
	my $challenge = challenge();
	my @strings = (hmac_md5_hex($challenge, $key), $challenge);
	return join "\0", $login, ($order // 'new') eq 'old' ? reverse(@strings) : @strings, '';
}

sub apop {
	my ($login, $key) = @_;
	my $challenge = challenge();
	return join "\0", $login, md5_hex($challenge . $key), $challenge, '';
}

# joe@example.org with the right password, over SMTP unless there is another service. Keys on top
# of those of attempt: keys, the text of the configuration after the paths.
sub run {
	my (%given) = @_;
	my %env = (TCPLOCALPORT => 25, TCPREMOTEIP => '192.0.2.7', %{ $given{env} // {} });
	delete $env{$_} for grep { !defined $env{$_} } keys %env;
	return attempt(
		message => plain('joe@example.org'),
		program => [ checker('checkpw-vpasswd') ],
		config => "users-cdb = $cdb\nvpopmail-home = $home\n" . ($given{keys} // ''),
		%given, env => \%env,
	);
}

sub outcome { my ($got) = @_; return ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '') }

sub warnings_of { my ($got) = @_; return join '|', $got->{log} =~ /^checkpw-vpasswd\[\d+\]: warning detail="(.*)"$/mg }

my %exit = (ok => 0, store => 111, home => 111, configuration => 111);

# One run and what must come of it: the exit code follows from the reason. `detail`, a pattern, and
# `warning` are compared where they are given; by default there is no warning.
sub row {
	my ($name, $reason, %given) = @_;
	my $got = run(%given);
	my $exit = $exit{$reason} // 1;
	my %want = (outcome => $exit . ($exit == 0 ? ' ran' : ''), reason => $reason, stdout => '', warning => $given{warning} // '', leak => '');
	my %found = (outcome => outcome($got), reason => $got->{line}{reason} // 'no line', stdout => $got->{stdout},
		warning => warnings_of($got), leak => join ' ', grep { index($got->{log}, $_) >= 0 } $password, $hash{'5.4'}, $hash{'5.6'});
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply \%found, \%want, $name or diag $got->{log};
	like $got->{line}{detail} // '', $given{detail}, "... $name: the detail" if $given{detail};
	return $got;
}

write_users(entry('example.org'));
my $example = write_domain('example.org', user('joe'));
make_path(user_dir('joe'));

# ---- the service ---------------------------------------------------------------------------------

{
	my $got = row('SMTP', 'ok');
	my $direct = run(program => []);
	$direct->{probe}{descriptors} =~ s/ 3\b//;
	is_deeply [ @{$got}{qw(probe env)} ], [ @{$direct}{qw(probe env)} ], '... changes nothing but descriptor 3';

	for my $service ([ POP3 => 110 ], [ IMAP => 143 ]) {
		my $found = row($service->[0], 'ok', env => { TCPLOCALPORT => $service->[1] });
		my %env = (%{ $direct->{env} }, TCPLOCALPORT => $service->[1], USER => 'joe', HOME => user_dir('joe'), SHELL => 'NOLOGIN',
			VPOPUSER => 'joe@example.org');
		is_deeply $found->{env}, \%env, "... $service->[0]: USER, HOME, SHELL and VPOPUSER, and no other variable";
		is_deeply $found->{probe}, { %{ $direct->{probe} }, cwd => user_dir('joe') }, "... $service->[0]: the directory, and nothing else";
	}
	my %preset = map { $_ => 'stranger' } qw(USER HOME SHELL VPOPUSER);
	my $found = row('POP3, variables set before', 'ok', env => { TCPLOCALPORT => 110, %preset });
	is_deeply [ @{ $found->{env} }{qw(USER HOME SHELL VPOPUSER)} ], [ 'joe', user_dir('joe'), 'NOLOGIN', 'joe@example.org' ], '... are replaced';
	$found = row('POP3, a login in capitals and with %', 'ok', env => { TCPLOCALPORT => 110 }, message => plain('JOE%Example.ORG'));
	is $found->{env}{VPOPUSER}, 'joe@example.org', '... VPOPUSER is as vpopmail writes it';
	is $found->{line}{user}, '"JOE%Example.ORG"', '... the log as the client did';
	$found = row('POP3 under Dovecot', 'ok', env => { TCPLOCALPORT => 110 }, keys => "dovecot = yes\n");
	is_deeply [ @{ $found->{env} }{qw(USER HOME SHELL VPOPUSER userdb_uid userdb_gid EXTRA)} ],
	  [ 'joe@example.org', user_dir('joe'), undef, undef, $uid, $gid, 'userdb_uid userdb_gid' ], '... tells Dovecot of ids and home';
	is $found->{probe}{cwd}, $direct->{probe}{cwd}, '... and leaves the directory to it';

	rename user_dir('joe'), "$dir/away";
	row('SMTP, no directory of the user', 'ok');
	for my $port (110, 143) {
		my $lost = row("port $port, no directory of the user", 'home', env => { TCPLOCALPORT => $port }, detail => qr/No such file/);
		ok !-e user_dir('joe'), '... is not made';
		is $lost->{line}{outcome}, 'auth-temp', '... is a temporary failure';
	}
	row('POP3, no directory, wrong password', 'mismatch', env => { TCPLOCALPORT => 110 }, message => plain('joe@example.org', $wrong));
	row('POP3, a password that is right, no directory, create-maildir = no', 'home', env => { TCPLOCALPORT => 110 }, keys => "create-maildir = no\n");

	my %create = (env => { TCPLOCALPORT => 110 }, keys => "create-maildir = yes\n", before => [ build_dir() . '/tests/spawn', '-u', '022' ]);
	row('SMTP, create-maildir', 'ok', keys => "create-maildir = yes\n");
	ok !-e user_dir('joe'), '... makes nothing';
	row('create-maildir, wrong password', 'mismatch', %create, message => plain('joe@example.org', $wrong));
	ok !-e user_dir('joe'), '... makes nothing';
	$found = row('create-maildir', 'ok', %create);
	is $found->{probe}{cwd}, user_dir('joe'), '... is entered';
	my @made = map { user_dir('joe') . $_ } '', map { "/Maildir$_" } '', qw(/new /cur /tmp);
	is_deeply [ map { sprintf '%s %o', $_, ((stat)[2] // 0) & 07777 } @made ], [ map { "$_ 700" } @made ], '... with a Maildir, closed to others';
	write_file(user_dir('joe') . '/Maildir/new/mail', 'mail');
	row('create-maildir, there already', 'ok', %create);
	is read_file(user_dir('joe') . '/Maildir/new/mail'), 'mail', '... stays as it is';

	my $deep = domain_dir('example.org') . '/0/B/ann';
	write_domain('example.org', user('ann', dir => $deep), user('joe'));
	row('bigdir path, no directory', 'home', env => { TCPLOCALPORT => 110 }, message => plain('ann@example.org'));
	ok !-e domain_dir('example.org') . '/0', '... nothing of the path is made';
	$found = row('bigdir path, create-maildir', 'ok', %create, message => plain('ann@example.org'));
	is $found->{probe}{cwd}, $deep, '... all of the path is made';
	is_deeply [ @{ $found->{env} }{qw(HOME VPOPUSER)} ], [ $deep, 'ann@example.org' ], '... and is HOME';

	write_domain('example.org', user('joe', dir => "$dir/elsewhere/joe"));
	row('create-maildir outside of the domain', 'home', %create, detail => qr/not below the domain/);
	ok !-e "$dir/elsewhere", '... is not made';
	write_domain('example.org', user('joe', dir => domain_dir('example.org') . 'x/joe'));
	row('create-maildir beside the domain', 'home', %create, detail => qr/not below the domain/);
	write_domain('example.org', user('joe'));
	chmod 0500, domain_dir('example.org');
	rename user_dir('joe'), "$dir/away2";
	chmod 0500, domain_dir('example.org');
	rename "$dir/away2", user_dir('joe');
	chmod 0700, domain_dir('example.org');
}

# ---- domains ----------------------------------------------------------------------------------------

{
	# The same password everywhere: the directory tells which domain was meant.
	for my $domain ('example.org', 'other.example') {
		write_domain($domain, vpasswd_line('joe', $hash{'5.4'}, user_dir('joe', $domain)));
		make_path(user_dir('joe', $domain));
	}
	my @all = (entry('example.org'), entry('other.example'), entry('alias.example', 'example.org'));
	my $text = join '', map { my ($domain, $real) = @{$_}; assign_line($domain, $real, $uid, $gid, domain_dir($real)) }
	  [ 'example.org', 'example.org' ], [ 'other.example', 'other.example' ], [ 'alias.example', 'example.org' ];
	my $pop = sub {
		my ($name, $login, $domain, %given) = @_;
		local $Test::Builder::Level = $Test::Builder::Level + 1;
		my $got = row($name, $domain ? 'ok' : 'mismatch', message => plain($login), %given, env => { TCPLOCALPORT => 110, %{ $given{env} // {} } });
		is $got->{probe}{cwd}, user_dir('joe', $domain), "... $name: is $domain" if $domain;
		return $got;
	};

	write_users(@all);
	my $got = $pop->('alias domain', 'joe@alias.example', 'example.org');
	is $got->{env}{VPOPUSER}, 'joe@alias.example', '... VPOPUSER is the login';
	$pop->('unknown domain', 'joe@nowhere.example', undef);
	is outcome(run(message => plain('joe@example.org-'))), '1', 'the dash is no part of the domain';

	# Which file.
	write_users(entry('example.org'));
	write_file("$dir/users/assign.cdb", cdb_of(entry('other.example')));
	write_file("$dir/users/assign", $text);
	$pop->('users/cdb counts', 'joe@example.org', 'example.org');
	$pop->('... and assign.cdb beside it does not', 'joe@other.example', undef);
	unlink $cdb;
	$pop->('without users/cdb assign.cdb counts', 'joe@other.example', 'other.example');
	$pop->('... and assign beside it does not', 'joe@example.org', undef);
	unlink "$dir/users/assign.cdb";
	$pop->('without both assign counts', 'joe@example.org', 'example.org');
	$pop->('... alias domain', 'joe@alias.example', 'example.org');
	$pop->('... unknown domain', 'joe@nowhere.example', undef);
	unlink "$dir/users/assign";
	row('without all three', 'store', detail => qr{\Q$dir\E/users/assign: No such file});
	write_file("$dir/users/assign", "=joe:joe:$uid:$gid:/nowhere:::\n" . "+example.org:example.org:$uid:$gid:/nowhere:-::\n$text.\n");
	$pop->('assign with other lines before', 'joe@example.org', 'example.org');
	write_file("$dir/users/assign", join '', '+' . 'x' x 5000 . "\n", "a\0b\n", $text);
	$pop->('assign with overlong lines and NULs', 'joe@example.org', 'example.org');
	write_file("$dir/users/assign", join '', assign_line('example.org', 'example.org', $uid, $gid, domain_dir('other.example')), $text);
	$pop->('assign, a domain twice: the first counts', 'joe@example.org', 'other.example');
	write_file("$dir/users/assign", ".\n$text");
	$pop->('assign, behind the line that ends it', 'joe@example.org', undef);
	for my $case ([ cdb => sub { write_users(@all) } ], [ assign => sub { unlink $cdb; write_file("$dir/users/assign", $text) } ]) {
		my ($name, $make) = @{$case};
		my $path = "$dir/users/$name";
		$make->();
		chmod 0666, $path;
		row("users/$name that everybody can write", 'store', detail => qr/\Q$path\E: mode is 0666/);
		chmod 0, $path;
		row("users/$name that cannot be read", 'store', detail => qr/\Q$path\E: Permission denied \(as uid $uid\)/);
		unlink $path;
		mkdir $path;
		row("users/$name is a directory", 'store', detail => qr/\Q$path\E: not a regular file/);
		rmdir $path;
		POSIX::mkfifo($path, 0600);
		row("users/$name is a FIFO", 'store', detail => qr/\Q$path\E: not a regular file/);
		unlink $path;
	}
	write_users(@all);

	# A login without a domain.
	make_path("$home/etc");
	my $file = "$home/etc/defaultdomain";
	my ($env, $key) = ({ VPOPMAIL_DOMAIN => 'other.example' }, "default-domain = example.org\n");
	$pop->('no default domain', 'joe', undef);
	$pop->('default-domain', 'joe', 'example.org', keys => $key);
	$pop->('$VPOPMAIL_DOMAIN', 'joe', 'other.example', env => $env);
	$pop->('default-domain before $VPOPMAIL_DOMAIN', 'joe', 'example.org', keys => $key, env => $env);
	write_file($file, "example.org\n");
	$pop->('etc/defaultdomain', 'joe', 'example.org');
	$pop->('$VPOPMAIL_DOMAIN before etc/defaultdomain', 'joe', 'other.example', env => $env);
	$pop->('empty $VPOPMAIL_DOMAIN', 'joe', 'example.org', env => { VPOPMAIL_DOMAIN => '' });
	$pop->('default-domain before etc/defaultdomain', 'joe', 'other.example', keys => "default-domain = other.example\n");
	$pop->('a domain in the login before all three', 'joe@alias.example', 'example.org', env => $env, keys => "default-domain = other.example\n");
	$got = $pop->('a login without a domain', 'joe', 'example.org', keys => $key);
	is $got->{env}{VPOPUSER}, 'joe@example.org', '... VPOPUSER has the default domain';
	write_file($file, "Example.ORG\nother.example\n");
	$pop->('etc/defaultdomain: the first line, in small letters', 'joe', 'example.org');
	write_file($file, '');
	$pop->('etc/defaultdomain: empty', 'joe', undef);
	write_file($file, "\nexample.org\n");
	$pop->('etc/defaultdomain: the first line empty', 'joe', undef);
	write_file($file, "a\0b\n");
	row('etc/defaultdomain: a NUL', 'store', message => plain('joe'), detail => qr/\Q$file\E/);
	row('... does not matter to a login with a domain', 'ok');
	write_file($file, 'x' x 5000);
	row('etc/defaultdomain: overlong', 'store', message => plain('joe'), detail => qr/\Q$file\E/);
	write_file($file, "example.org\n", 0666);
	row('etc/defaultdomain: everybody can write it', 'store', message => plain('joe'), detail => qr/\Q$file\E: mode/);
	unlink $file;
	for my $bad ('example.org/', 'example.org x', 'example.org%', 'example.org@other.example', 'example.org/../other.example', "example.org\xe9") {
		(my $shown = $bad) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
		$pop->("default domain that is none: \$VPOPMAIL_DOMAIN=$shown", 'joe', undef, env => { VPOPMAIL_DOMAIN => $bad });
		$pop->("default domain that is none: default-domain = $shown", 'joe', undef, keys => "default-domain = $bad\n");
		write_file($file, "$bad\n");
		$pop->("default domain that is none: etc/defaultdomain $shown", 'joe', undef);
		unlink $file;
	}

	# Where the assign data lead.
	my $long = '/' . join '/', ('x' x 200) x 5;
	for my $case ([ 'relative', 'users/../vpopmail/domains/example.org' ], [ 'relative, plain', 'vpopmail/domains/example.org' ],
		[ 'with ..', domain_dir('other.example') . '/../example.org' ], [ 'with . at its end', domain_dir('example.org') . '/.' ],
		[ 'with .. at its end', domain_dir('example.org') . '/joe/..' ], [ 'overlong', $long ], [ 'empty', '' ]) {
		my ($name, $path) = @{$case};
		write_users(assign_data('example.org', 'example.org', $uid, $gid, $path));
		row("directory of the cdb $name", 'store', detail => qr{\Q$cdb\E: the entry of the domain is damaged});
		unlink $cdb;
		write_file("$dir/users/assign", assign_line('example.org', 'example.org', $uid, $gid, $path));
		row("directory of assign $name", 'store', detail => qr{/users/assign: the entry of the domain is damaged}) if $path ne '';
		unlink "$dir/users/assign";
	}
	for my $case ([ 'a NUL in the directory', join "\0", 'example.org', $uid, $gid, "/vpopmail\0/etc", '-', '' ],
		[ 'no uid', join "\0", 'example.org', '', $gid, $example, '-', '' ], [ 'uid -1', join "\0", 'example.org', -1, $gid, $example, '-', '' ],
		[ 'uid 4294967295', join "\0", 'example.org', 4_294_967_295, $gid, $example, '-', '' ],
		[ 'gid 4294967295', join "\0", 'example.org', $uid, 4_294_967_295, $example, '-', '' ],
		[ 'uid 2^32', join "\0", 'example.org', 4_294_967_296, $gid, $example, '-', '' ],
		[ 'uid 1x', join "\0", 'example.org', '1x', $gid, $example, '-', '' ], [ 'cut', join "\0", 'example.org', $uid, $gid, $example ],
		[ 'empty', '' ], [ 'no NUL', 'example.org' ], [ 'too long', 'x' x 10_000 ]) {
		write_users([ '!example.org-', $case->[1] ]);
		row("entry in users/cdb: $case->[0]", 'store', detail => qr{\Q$cdb\E: });
	}
	write_users(assign_data('example.org', 'example.org', $uid, $gid, "$dir/nowhere"));
	row('directory of the domain is missing', 'store', detail => qr{\Q$dir\E/nowhere/vpasswd: No such file}, warning => "$dir/nowhere/vpasswd.cdb is missing: vmkpasswd(1) makes it");
	write_users(assign_data('example.org', 'example.org', $uid, $gid, "/x/" . 'y' x 900));
	is outcome(run()), '111', 'directory of the domain: as long as allowed';
	write_users(@all);
}

# ---- which file of users -----------------------------------------------------------------------------

{
	my $where = write_domain('example.org', user('joe'));
	my ($text, $data) = ("$where/vpasswd", "$where/vpasswd.cdb");
	my $other = vpasswd_cdb_of(user('ann'));
	my $missing = "$data is missing: vmkpasswd(1) makes it";
	my %ann = (message => plain('ann@example.org'));
	for my $case ([ 'a NUL', "eve\0:x\n" ], [ 'overlong', 'eve:' . 'x' x 5000 . "\n" ]) {
		my ($name, $line) = @$case;
		unlink $data;
		write_file($text, $line . user('joe'));
		row("a line of vpasswd, $name, is told", 'ok', warning => "$missing; line 1 of vpasswd is too long or holds a NUL byte: skipped");
	}
	write_domain('example.org', user('joe'));
	my $age = sub { my ($path, $time) = @_; utime $time, $time, $path or die "utime: $!" };

	write_file($data, $other);
	$age->($data, 1_700_000_000);
	row('the cdb counts', 'ok', %ann);
	row('... and vpasswd does not', 'mismatch');
	row('newer = text, both of the same age: the cdb counts', 'ok', %ann, keys => "newer = text\n");
	$age->($data, 1_700_000_001);
	row('newer = text, the cdb newer: it counts', 'ok', %ann, keys => "newer = text\n");
	$age->($data, 1_699_999_999);
	my $old = "$data is older than vpasswd; %s counts";
	row('an old cdb counts, with a warning', 'ok', %ann, warning => sprintf $old, 'cdb');
	row('newer = cdb says the same', 'ok', %ann, keys => "newer = cdb\n", warning => sprintf $old, 'cdb');
	row('newer = text: an old cdb does not count', 'ok', keys => "newer = text\n", warning => sprintf $old, 'text');
	row('... not at all', 'mismatch', %ann, keys => "newer = text\n", warning => sprintf $old, 'text');
	row('... the warning comes with a refusal too', 'mismatch', message => plain('joe@example.org', $wrong), keys => "newer = text\n",
		warning => sprintf $old, 'text');
	row('newer with another word', 'configuration', keys => "newer = vpasswd\n", detail => qr/newer must be one of cdb text/);
	unlink $text;
	row('no vpasswd: the cdb alone is enough', 'ok', %ann);
	write_file($text, user('joe'));
	unlink $data;
	row('no cdb: vpasswd counts, with a warning', 'ok', warning => $missing);
	row('... unknown user', 'mismatch', %ann, warning => $missing);
	ok !-e $data, '... and the cdb is not made';
	for my $path ($data, $text) {
		write_domain('example.org', user('joe'));
		unlink $data if $path eq $text;
		my $warning = $path eq $text ? $missing : '';
		chmod 0602, $path;
		row("$path that everybody can write", 'store', detail => qr/\Q$path\E: mode is 0602/, warning => $warning);
		chmod 0, $path;
		row("$path that cannot be read", 'store', detail => qr/\Q$path\E: Permission denied/, warning => $warning);
		unlink $path;
		POSIX::mkfifo($path, 0600);
		row("$path is a FIFO", 'store', detail => qr/\Q$path\E: not a regular file/, warning => $warning);
		unlink $path;
	}

	# The first of two counts, in both files.
	my @twice = (user('joe'), user('joe', hash => crypt($wrong, '$1$abcdefgh$')));
	for my $lines (\@twice, [ user('ann'), @twice ]) {
		write_domain('example.org', @{$lines});
		row('a name twice in the cdb: the first counts', 'ok');
		row('... the second does not', 'mismatch', message => plain('joe@example.org', $wrong));
		unlink $data;
		row('a name twice in vpasswd: the first counts', 'ok', warning => $missing);
		row('... the second does not', 'mismatch', message => plain('joe@example.org', $wrong), warning => $missing);
	}
	write_file($text, join '', "no colon\n", 'x' x 5000 . ":\n", "a\0:b\n", "\n", user('joe') =~ s/\n\z/\r\n/r);
	row('vpasswd with lines that are none', 'ok', warning => "$missing; line 2 of vpasswd is too long or holds a NUL byte: skipped");
	write_file($text, user('joe') =~ s/\n\z//r);
	row('vpasswd without a newline at its end', 'ok', warning => $missing);
	write_file($text, '');
	row('vpasswd is empty', 'mismatch', warning => $missing);
	write_file($data, cdb_of());
	row('the cdb holds nobody', 'mismatch');
}

# ---- passwords ---------------------------------------------------------------------------------------

{
	my %secrets = (
		'5.4' => $hash{'5.4'}, '5.6' => $hash{'5.6'},
		'{MD5-CRYPT}' => "{MD5-CRYPT}$hash{'5.4'}", '{CRYPT}' => "{CRYPT}$hash{'5.6'}", '{SHA512-CRYPT}' => "{SHA512-CRYPT}$hash{'5.6'}",
		'{MD5}' => "{MD5}$hash{'5.4'}", 'bcrypt' => crypt($password, '$2y$04$abcdefghijklmnopqrstuu'), 'DES' => crypt($password, 'ab'),
	);
	for my $kind (sort keys %secrets) {
		my $secret = $secrets{$kind};
		my $counts = $kind eq 'DES' ? substr($password, 0, 8) . 'x' : undef;
		for my $clear (undef, "a:clear one:$kind") {
			my $name = $kind . (defined $clear ? ', with a clear password' : '');
			write_domain('example.org', user('ann', hash => crypt('x', '$1$abcdefgh$')), user('joe', hash => $secret, clear => $clear));
			row("$name: password", 'ok', message => plain('joe@example.org', $counts));
			row("$name: wrong password", 'mismatch', message => plain('joe@example.org', $wrong));
			my ($bare) = $secret =~ /(?:\{.*\})?(.*)/;
			for my $text ($secret, $bare) {
				is outcome(run(message => plain('joe@example.org', $text))), '1', "$name: the text of the hash is no password";
				is outcome(run(message => cram('joe@example.org', $text))), '1', "$name: ... and no key of CRAM-MD5";
				is outcome(run(message => apop('joe@example.org', $text), keys => "apop = yes\n")), '1', "$name: ... nor of APOP";
			}
			if (!defined $clear) {
				row("$name: CRAM-MD5", 'one-way', message => cram('joe@example.org', $password, $_)) for qw(new old);
				row("$name: APOP", 'one-way', message => apop('joe@example.org', $password), keys => "apop = yes\n");
				next;
			}
			for my $order (qw(new old)) {
				my $got = row("$name: CRAM-MD5, $order order", 'ok', message => cram('joe@example.org', $clear, $order));
				is $got->{line}{mech}, 'cram-md5', '... is its mechanism';
				row("$name: CRAM-MD5, $order order, wrong", 'mismatch', message => cram('joe@example.org', $wrong, $order));
			}
			my $got = row("$name: APOP", 'ok', message => apop('joe@example.org', $clear), keys => "apop = yes\n");
			is $got->{line}{mech}, 'apop', '... is its mechanism';
			row("$name: APOP, not switched on", 'mismatch', message => apop('joe@example.org', $clear));
			row("$name: the clear password does not count for PLAIN", 'mismatch', message => plain('joe@example.org', $clear));
			row("$name: CRAM-MD5, challenges = no", 'mismatch', message => cram('joe@example.org', $clear), keys => "challenges = no\n");
		}
	}
	write_domain('example.org', user('joe', hash => $secrets{'{SHA512-CRYPT}'}));
	row('the text of a hash that was stolen is told', 'hash-text', message => plain('joe@example.org', $secrets{'{SHA512-CRYPT}'}));
	write_domain('example.org', user('joe'));
	row('... without a {SCHEME} too', 'hash-text', message => plain('joe@example.org', $hash{'5.4'}));

	# What is in the place of the hash and none.
	my %damaged = ('plaintext' => $password, 'a digit string' => '0123456789', 'hexadecimal' => md5_hex($password), 'two letters' => 'ab',
		'unknown $id$' => '$77$abc$def', 'unknown scheme' => "{NONE}$password", 'half a scheme' => "{PLAIN$password", 'a blank' => ' ',
		'a blank and a hash' => " $hash{'5.4'}", 'locked' => "!$hash{'5.4'}", 'a star' => '*', 'x' => 'x', 'cut' => substr($hash{'5.6'}, 0, 30),
		'{CRYPT} and plaintext' => "{CRYPT}$password", '{CRYPT} and nothing' => '{CRYPT}', 'an 8-bit byte' => "\xe9", 'a NUL' => "\0$password");
	for my $kind (sort keys %damaged) {
		my $secret = $damaged{$kind};
		write_domain('example.org', user('joe', hash => $secret));
		is outcome(run(message => $_)), '1', "in the place of the hash, $kind: is no password and no key"
		  for plain('joe@example.org'), plain('joe@example.org', $secret =~ tr/\0//dr), cram('joe@example.org', $secret), cram('joe@example.org', $password);
	}
	write_domain('example.org', user('joe', hash => ''));
	row('empty hash', 'empty-secret', message => plain('joe@example.org', $_)) for $password, ' ';
	row('empty hash, empty password', 'empty', message => plain('joe@example.org', ''));
	row('empty hash, CRAM-MD5 with an empty key', 'empty-secret', message => cram('joe@example.org', ''));
	write_domain('example.org', user('joe', hash => '', clear => $password));
	row('empty hash beside a clear password', 'empty-secret');
	row('empty hash beside a clear password, CRAM-MD5', 'empty-secret', message => cram('joe@example.org', $password));
	write_domain('example.org', user('joe', clear => ''));
	row('empty clear password, CRAM-MD5', 'one-way', message => cram('joe@example.org', ''));
	write_domain('example.org', user('joe', clear => 'c' x 200));
	row('long clear password', 'ok', message => cram('joe@example.org', 'c' x 200));
	write_domain('example.org', user('joe', clear => "\xc3\xa9\t "));
	row('clear password with 8-bit bytes and blanks', 'ok', message => cram('joe@example.org', "\xc3\xa9\t "));
	write_domain('example.org', user('joe', hash => crypt($password . 'y' x 300, '$6$rounds=1000$abcdefgh$')));
	row('more than the 155 bytes of vchkpw', 'ok', message => plain('joe@example.org', $password . 'y' x 300));
	row('more than 512 bytes', 'oversize', message => plain('joe@example.org', 'y' x 500));

	# Nobody: no hash, no key of others and no empty key work.
	write_domain('example.org', user('ann', clear => $password), user('joe', hash => '!', clear => $password));
	for my $login (qw(nobody@example.org ann@nowhere.example nobody)) {
		row("$login: $_->[0]", 'mismatch', message => $_->[1]) for [ 'password of another', plain($login) ],
		  [ 'CRAM-MD5 with the key of another', cram($login, $password) ], [ 'CRAM-MD5 with an empty key', cram($login, '') ];
	}
	row('unknown login, log-unknown-login', 'unknown-login', message => plain('nobody@example.org'), keys => "log-unknown-login = yes\n");
	row('locked beside a clear password, CRAM-MD5', 'locked', message => cram('joe@example.org', $password));
}

# ---- flags ---------------------------------------------------------------------------------------------

{
	my %bit = (NO_PASSWD_CHNG => 0x01, NO_POP => 0x02, NO_WEBMAIL => 0x04, NO_IMAP => 0x08, BOUNCE_MAIL => 0x10, NO_RELAY => 0x20,
		NO_DIALUP => 0x40, V_USER0 => 0x80, V_USER1 => 0x100, V_USER2 => 0x200, V_USER3 => 0x400, NO_SMTP => 0x800, QA_ADMIN => 0x1000,
		V_OVERRIDE => 0x2000, NO_SPAMASSASSIN => 0x4000, DELETE_SPAM => 0x8000, SA_ADMIN => 0x10000, SA_EXPERT => 0x20000, NO_MAILDROP => 0x40000);
	my %ports = (smtp => [ 25, 465, 587 ], pop3 => [ 110, 995 ], imap => [ 143, 993 ]);
	my %forbids = (NO_SMTP => { smtp => 'no-smtp' }, NO_POP => { pop3 => 'no-pop3' }, NO_IMAP => { imap => 'no-imap' });
	my @ways;
	for my $service (sort keys %ports) {
		push @ways, [ $service, "port $_", env => { TCPLOCALPORT => $_ } ] for @{ $ports{$service} };
		push @ways, [ $service, "SERVICE=$service", env => { TCPLOCALPORT => undef, SERVICE => $service } ];
		push @ways, [ $service, "service = $service", env => { TCPLOCALPORT => $service eq 'smtp' ? 110 : 25 }, keys => "service = $service\n" ];
	}
	push @ways, [ 'pop3', 'an unknown service', env => { TCPLOCALPORT => undef } ], [ 'pop3', 'port 4711', env => { TCPLOCALPORT => 4711 } ];
	make_path(user_dir('joe'));
	for my $flag (sort { $bit{$a} <=> $bit{$b} } keys %bit) {
		write_domain('example.org', user('joe', flags => $bit{$flag}));
		for my $way ($forbids{$flag} || $flag =~ /WEBMAIL|OVERRIDE/ ? @ways : @ways[ 0, 5, 9 ]) {
			my ($service, $name, %given) = @{$way};
			row("$flag, $name", $forbids{$flag}{$service} // 'ok', %given);
		}
	}
	my %local = (TCPREMOTEIP => '127.0.0.1');
	write_domain('example.org', user('joe', flags => $bit{NO_WEBMAIL}));
	row('NO_WEBMAIL, IMAP from 127.0.0.1', 'no-webmail', env => { TCPLOCALPORT => 143, %local });
	row('NO_WEBMAIL, POP3 from 127.0.0.1', 'no-webmail', env => { TCPLOCALPORT => 110, %local });
	row('NO_WEBMAIL, POP3 from ::1', 'no-webmail', env => { TCPLOCALPORT => 110, TCPREMOTEIP => '::1' });
	row('NO_WEBMAIL, unknown service from 127.0.0.1', 'no-webmail', env => { TCPLOCALPORT => undef, %local });
	row('NO_WEBMAIL, SMTP from 127.0.0.1', 'ok', env => { TCPLOCALPORT => 25, %local });
	row("NO_WEBMAIL, IMAP from '$_'", 'ok', env => { TCPLOCALPORT => 143, TCPREMOTEIP => $_ }) for '127.0.0.2', '192.0.2.1', '127.0.0.10', '';
	row('NO_WEBMAIL, IMAP from nowhere', 'ok', env => { TCPLOCALPORT => 143, TCPREMOTEIP => undef });
	write_domain('example.org', user('joe', flags => 0x2 | 0x4 | 0x8 | 0x800));
	row('all four, port 25', 'no-smtp');
	row('all four, port 110', 'no-pop3', env => { TCPLOCALPORT => 110 });
	row('all four, port 143', 'no-imap', env => { TCPLOCALPORT => 143 });
	row('all four, wrong password: the flags are not told', 'mismatch', message => plain('joe@example.org', $wrong));
	for my $bad ('', '-1', '2048x', ' 2048', '0x800', '4294967296', '99999999999999999999') {
		write_domain('example.org', user('joe', flags => $bad));
		row("flags '$bad': damaged", 'store', detail => qr{\Q$example\E/vpasswd\.cdb: the record of the user is damaged});
	}

	# Limits of the domain.
	my %keyword = (disable_pop => 110, disable_imap => 143, disable_smtp => 25);
	my %reason = (110 => 'no-pop3', 143 => 'no-imap', 25 => 'no-smtp');
	my ($limits, $default) = ("$example/.qmailadmin-limits", "$home/etc/vlimits.default");
	write_domain('example.org', user('joe'), user('ann', flags => $bit{V_OVERRIDE}), user('bob', flags => $bit{V_OVERRIDE} | $bit{NO_SMTP} | $bit{NO_POP} | $bit{NO_IMAP}));
	make_path(user_dir($_)) for qw(ann bob);
	for my $file ($limits, $default) {
		my $name = $file =~ s{.*/}{}r;
		for my $keyword (sort keys %keyword) {
			write_file($file, "# a comment\nmaxpopaccounts: 10\n$keyword\n");
			for my $port (25, 110, 143) {
				my $reason = $port == $keyword{$keyword} ? $reason{$port} : 'ok';
				row("$name, $keyword, port $port", $reason, env => { TCPLOCALPORT => $port });
				row("$name, $keyword, port $port, V_OVERRIDE", 'ok', env => { TCPLOCALPORT => $port }, message => plain('ann@example.org'));
				row("$name, $keyword, port $port, V_OVERRIDE and own flags", $reason{$port}, env => { TCPLOCALPORT => $port }, message => plain('bob@example.org'));
			}
		}
		write_file($file, "disable_webmail\n");
		row("$name, disable_webmail, IMAP from 127.0.0.1", 'no-webmail', env => { TCPLOCALPORT => 143, %local });
		row("$name, disable_webmail, from elsewhere", 'ok', env => { TCPLOCALPORT => 143 });
		row("$name, disable_webmail, V_OVERRIDE", 'ok', env => { TCPLOCALPORT => 143, %local }, message => plain('ann@example.org'));
		for my $keyword (qw(disable_external_relay disable_dialup disable_password_changing)) {
			write_file($file, "$keyword\n");
			row("$name, $keyword, port $_: bars no login", 'ok', env => { TCPLOCALPORT => $_ }) for 25, 110, 143;
		}
		for my $line ("disable_smtp: 0\n", "disable_smtp 1\n", "disable_smtp=no\n", "  disable_smtp\n", "\tdisable_smtp\r\n", 'disable_smtp', "DISABLE_SMTP\n") {
			write_file($file, $line);
			row("$name, " . ($line =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ger), 'no-smtp');
		}
		for my $line ("a\0b\ndisable_smtp\n", 'x' x 5000 . "\ndisable_smtp\n") {
			write_file($file, $line);
			row("$name, a line that cannot be read may hold a limit", 'store');
		}
		for my $line ("#disable_smtp\n", "# disable_smtp\n", "disable_smtps\n", "xdisable_smtp\n", "maxforwards disable_smtp\n", "disable_\n", '') {
			write_file($file, $line);
			row("$name, no keyword: " . ($line =~ s/\n//r), 'ok');
		}
		write_file($file, "disable_smtp\n");
		row("$name, wrong password: the limit is not told", 'mismatch', message => plain('joe@example.org', $wrong));
		chmod 0, $file;
		row("$name cannot be read", 'store', detail => qr/\Q$file\E: Permission denied/);
		chmod 0606, $file;
		row("$name: everybody can write it", 'store', detail => qr/\Q$file\E: mode is 0606/);
		unlink $file;
		mkdir $file;
		row("$name is a directory", 'store', detail => qr/\Q$file\E: not a regular file/);
		rmdir $file;
	}
	write_file($default, "disable_smtp\n");
	write_file($limits, "disable_pop\n");
	row('.qmailadmin-limits replaces vlimits.default', 'ok');
	row('... and counts', 'no-pop3', env => { TCPLOCALPORT => 110 });
	write_file($limits, '');
	row('.qmailadmin-limits, empty, replaces it too', 'ok');
	unlink $limits, $default;
}

# ---- the login -------------------------------------------------------------------------------------------

{
	my $letters = q{!#$&'*+-./09=?az^_`{|}~};
	my @users = (split(//, $letters), $letters, 'joe', 'j/oe', '..', '../joe', 'a' x 64);
	write_domain('example.org', map { user($_, dir => user_dir('joe')) } @users);
	for my $name (@users) {
		row("user '$name'", 'ok', message => plain("$name\@example.org"));
		row("... in capitals", 'ok', message => plain(uc "$name\@example.org")) if $name =~ /[a-z]/;
	}
	# A separator in the user part: the first @ counts, only without any the first %, then the first /.
	my @separators = ([ 'joe@example.org', 1 ], [ 'joe%example.org', 1 ], [ 'joe/example.org', 1 ], [ 'j/oe@example.org', 1 ], [ 'j%oe@example.org', 0 ],
		[ 'joe%example.org@example.org', 0 ], [ 'joe/x@example.org', 0 ], [ 'joe@example.org@example.org', 0 ], [ 'joe@example.org%example.org', 0 ],
		[ 'joe@example.org/x', 0 ], [ 'joe%example.org%x', 0 ], [ 'joe%example.org/x', 0 ], [ 'j/oe%example.org', 1 ], [ 'joe/example.org/x', 0 ],
		[ '@example.org', 0 ], [ 'joe@', 0 ], [ '@', 0 ], [ '%', 0 ], [ '/', 0 ], [ 'joe%', 0 ], [ 'joe/', 0 ], [ '/example.org', 0 ],
		[ 'joe:example.org', 0 ], [ 'joe#example.org', 0 ], [ 'joe+example.org', 0 ], [ 'joe=example.org', 0 ]);
	row("separator: $_->[0]", $_->[1] ? 'ok' : 'mismatch', message => plain($_->[0])) for @separators;

	# Bytes that vpopmail does not take. Each is in the file, so that a lapse shows.
	my @illegal = grep { chr !~ m{[!#\$&'*+\-./0-9=?A-Z^_`a-z\{|\}~@%]} } 1 .. 255;
	my @names = map { 'j' . chr($_) . 'oe' } @illegal;
	make_path(domain_dir('example.org'));
	write_file("$example/vpasswd.cdb", cdb_of(map { [ $_, user('joe') =~ s/^joe:|\n//gr ] } @names, 'joe'));
	my @let = grep { outcome(run(message => plain("$_\@example.org"))) ne '1' } @names;
	is_deeply \@let, [], 'users with each of ' . @names . ' bytes that are not allowed are refused';
	my @illegal_in_domain = grep { chr !~ /[A-Za-z0-9.\-]/ } 1 .. 255;
	my @domains = map { 'exam' . chr($_) . 'ple.org' } @illegal_in_domain;
	write_users(entry('example.org'), map { assign_data($_, $_, $uid, $gid, domain_dir('example.org')) } @domains, '..', '../example.org', 'example.org/.', '');
	@let = grep { outcome(run(message => plain("joe\@$_"))) ne '1' } @domains;
	is_deeply \@let, [], 'domains with each of ' . @domains . ' bytes that are not allowed are refused';
	write_users(entry('example.org'), map { assign_data($_, $_, $uid, $gid, domain_dir('example.org')) } qw(a-b.c 0.9 -x- example.org. .));
	write_domain('example.org', user('joe'));
	row("domain $_", 'ok', message => plain("joe\@$_")) for qw(a-b.c 0.9 -x- example.org. .);
	for my $login ('joe@../example.org', 'joe@../../etc', '../../../../etc/passwd@example.org', 'joe@example.org/../example.org', 'joe@/etc',
		"joe\n\@example.org", "joe\@example.org\n", "joe\r\n\@example.org", "\n", "joe \@example.org", " joe\@example.org", "joe\@example.org ",
		"jo\xc3\xa9\@example.org", "joe\@ex\xc3\xa4mple.org", "\xff\xfe", "joe\@\xff", 'j"oe@example.org', '%s%n@example.org', 'a' x 450 . '@example.org',
		'joe@' . 'a' x 450, 'joe@' . 'a.' x 220) {
		my $got = row('refused: ' . (length $login > 40 ? substr($login, 0, 20) . '...' : $login =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger), 'mismatch', message => plain($login));
		is $got->{log} =~ tr/\n//, 1, '... in one line of the log';
		unlike $got->{log}, qr/[^ -~\n]/, '... that is plain ASCII';
	}
	is outcome(run(message => "joe\0\@example.org\0$password\0")), '1', 'a NUL in the user';
	is outcome(run(message => "joe\@example.org\0\0$password\0")), '1', 'a NUL behind the domain';
	is outcome(run(message => "joe\@example\0.org\0$password\0\0")), '1', 'a NUL in the domain';
	row("two bytes short of the limit", 'mismatch', message => 'a' x 485 . "\@example.org\0$password\0"); # 512
}

# ---- damaged files -----------------------------------------------------------------------------------------

{
	my $text = user('joe');
	write_domain('example.org', $text);
	my $data = "$example/vpasswd.cdb";
	my $whole = vpasswd_cdb_of($text);
	my $hash = cdb_hash('joe');
	my $pointer = ($hash & 255) * 8;
	my $table = unpack 'V', substr $whole, $pointer, 4;
	my $slot = $table + 8 * (($hash >> 8) % 2);
	my $with = sub { my ($at, $bytes) = @_; my $copy = $whole; substr $copy, $at, length $bytes, $bytes; return $copy };
	my %damaged = (
		'empty' => '', 'one byte' => 'x', 'half a head' => substr($whole, 0, 1000), 'text' => $text x 100, 'cut in the head' => substr($whole, 0, $pointer + 6),
		'cut before its tables' => substr($whole, 0, $table), 'cut in a table' => substr($whole, 0, $slot + 4),
		'a table beyond the end' => $with->($pointer, pack 'VV', 2**31, 2),
		'a record beyond the end' => $with->($slot, pack 'VV', $hash, 2**32 - 1), 'data beyond the end' => $with->(2048 + 4, pack 'V', length $whole),
		'data of 2^32-1 bytes' => $with->(2048 + 4, pack 'V', 2**32 - 1), 'data of 2^31 bytes' => $with->(2048 + 4, pack 'V', 2**31),
		'data of 4097 bytes' => $with->(2048 + 4, pack 'V', 4097), 'a record of nothing' => $with->(2048 + 4, pack 'V', 0),
		'a record cut' => $with->(2048 + 4, pack 'V', 20),
	);
	for my $kind (sort keys %damaged) {
		write_file($data, $damaged{$kind});
		row("vpasswd.cdb, $kind", 'store', detail => qr{\Q$data\E: });
	}
	# A damage that leaves no trace of joe may refuse him, too; it must not hang or let him in.
	my %odd = ('a table at the end of 32 bits' => $with->($pointer, pack 'VV', 2**32 - 8, 2), 'a table of 2^32-1 slots' => $with->($pointer, pack 'VV', $table, 2**32 - 1), 'a table in the head' => $with->($pointer, pack 'VV', 0, 256),
		'slots in a circle' => $with->($table, pack('VV', $hash, 2048) x 2) =~ s/joe/jim/r, 'slots of others in a circle' => $with->($table, pack('VV', 1, 2048) x 2),
		'a record in the tables' => $with->($slot, pack 'VV', $hash, $table), 'a record in the head' => $with->($slot, pack 'VV', $hash, 8),
		'a key of 2^32-1 bytes' => $with->(2048, pack 'V', 2**32 - 1), 'a table of nothing' => $with->($pointer, pack 'VV', $table, 0));
	for my $kind (sort keys %odd) {
		write_file($data, $odd{$kind});
		my $got = run();
		like outcome($got), qr/^(?:1|111)$/, "vpasswd.cdb, $kind: nobody is let in" or diag $got->{log};
		unlike $got->{line}{reason}, qr/deadline/, '... in time';
	}
	my @let;
	for my $length (0 .. length($whole) - 1) {
		next if $length > 64 && $length < length($whole) - 200 && $length % 16;
		write_file($data, substr $whole, 0, $length);
		my $got = run();
		push @let, $length if $got->{signal} || $got->{exit} != 111 && $got->{exit} != 1;
	}
	is_deeply \@let, [], 'vpasswd.cdb cut at any length lets nobody in';
	write_domain('example.org', $text);
	my $users = read_file($cdb);
	for my $kind ([ 'empty', '' ], [ 'cut', substr $users, 0, 2040 ], [ 'text', "+example.org-:x\n" x 200 ]) {
		write_file($cdb, $kind->[1]);
		row("users/cdb, $kind->[0]", 'store', detail => qr{\Q$cdb\E: });
	}
	write_users(entry('example.org'));
	for my $case ([ 'no colon' => 'joe' ], [ 'three fields' => 'joe:a:b' ], [ 'five colons' => "joe:$hash{'5.4'}:1:0:joe:/x" ]) {
		write_file("$example/vpasswd.cdb", cdb_of([ 'joe', $case->[1] =~ s/^joe:?//r ]));
		row("record in the cdb: $case->[0]", 'store', detail => qr{\Q$data\E: the record of the user is damaged});
	}
	for my $path ('relative/joe', '', '../joe', "$example/../joe", '/' . 'x' x 1000) {
		write_domain('example.org', vpasswd_line('joe', $hash{'5.4'}, $path));
		row('directory of the user: ' . substr($path, 0, 20), 'store', detail => qr{the directory of the user is not an absolute path});
	}
	write_domain('example.org', user('joe'));
}

# ---- lastauth ------------------------------------------------------------------------------------------------

{
	my $where = make_path(user_dir('joe'));
	my $file = "$where/lastauth";
	my @before = glob "$where/* $where/.[!.]*";
	my $left = sub { my %known = map { $_ => 1 } @before, $file; return join ' ', grep { !$known{$_} } glob "$where/* $where/.[!.]*" };
	my %keys = (keys => "lastauth = yes\n");
	row('no lastauth by default', 'ok');
	ok !-e $file, '... is written';
	for my $port (25, 110, 143) {
		unlink $file;
		row("lastauth, port $port", 'ok', %keys, env => { TCPLOCALPORT => $port, TCPREMOTEIP => "192.0.2.$port" });
		is read_file($file), "192.0.2.$port", '... holds the address';
		is $left->(), '', '... and nothing else is left';
	}
	my $time = 1_600_000_000;
	utime $time, $time, $file;
	row('lastauth, IPv6', 'ok', %keys, env => { TCPREMOTEIP => '2001:db8::25' });
	is read_file($file), '2001:db8::25', '... replaces the old one, whole';
	cmp_ok +(stat $file)[9], '>', $time, '... and its time';
	is +(stat $file)[2] & 07777, 0600, '... closed to others';
	row('lastauth, wrong password', 'mismatch', %keys, message => plain('joe@example.org', $wrong), env => { TCPREMOTEIP => '192.0.2.99' });
	is read_file($file), '2001:db8::25', '... leaves it alone';
	row('lastauth, an address that is none', 'ok', %keys, env => { TCPREMOTEIP => "192.0.2.1\nx" });
	unlike read_file($file), qr/192/, '... is not written';
	write_file($file, 'old');
	# The log cannot be written either.
	my $got = run(%keys, before => [ build_dir() . '/tests/spawn', '-l', '1=5' ], subprogram => ['/bin/true']);
	is $got->{exit}, 0, 'lastauth, no room for all of it: is not fatal';
	is read_file($file), 'old', '... the old one stays';
	is $left->(), '', '... and nothing half is left';
	chmod 0500, $where;
	row('lastauth, a directory that cannot be written', 'ok', %keys, env => { TCPREMOTEIP => '192.0.2.25' });
	is read_file($file), 'old', '... the old one stays';
	is $left->(), '', '... and nothing half is left';
	chmod 0700, $where;
	unlink $file;
	mkdir $file;
	row('lastauth is a directory', 'ok', %keys);
	is $left->(), '', '... and nothing half is left';
	rmdir $file;
	write_file("$dir/target", 'target');
	symlink "$dir/target", $file;
	row('lastauth is a symbolic link', 'ok', %keys);
	is read_file("$dir/target"), 'target', '... that is not followed';
	is read_file($file), '192.0.2.7', '... but replaced';
	unlink $file;
	rename $where, "$where.away";
	row('lastauth, SMTP, no directory of the user', 'ok', %keys);
	ok !-e $where, '... which is not made';
	row('lastauth, POP3, create-maildir', 'ok', keys => "lastauth = yes\ncreate-maildir = yes\n", env => { TCPLOCALPORT => 110 });
	is read_file($file), '192.0.2.7', '... it is written at the first login, too';
}

# ---- many users, little memory -------------------------------------------------------------------------------

{
	my $strace = (grep { -x } '/usr/bin/strace', '/bin/strace')[0];
	my $calls = sub {
		my ($login) = @_;
		my $got = run(message => plain($login), before => [ $strace, '-o', "$dir/calls" ]);
		return outcome($got) eq '0 ran' || outcome($got) eq '1' ? scalar(() = read_file("$dir/calls") =~ /^\w+\(/mg) : outcome($got);
	};
	my @softlimit = (build_dir() . '/tests/spawn', map { ('-l', "$_=7340032") } 2, 3, 8, 9);
	my %count;
	for my $number (1_000, 100_000) {
		my @lines = map { vpasswd_line("user$_", $hash{'5.6'}, user_dir("user$_"), gecos => "User $_", quota => '104857600S,1000C', clear => "clear $_") } 1 .. $number;
		write_domain('example.org', @lines);
		row("$number users, the last", 'ok', message => plain("user$number\@example.org"));
		row("$number users, an unknown one", 'mismatch', message => plain('nobody@example.org'));
		row("$number users, CRAM-MD5", 'ok', message => cram('user7@example.org', 'clear 7'));
	  SKIP: {
			skip 'sanitizers need more memory', 2 if $sanitized;
			row("$number users, under softlimit -m 7340032", 'ok', message => plain("user$number\@example.org"), before => \@softlimit);
			my $data = "$example/vpasswd.cdb";
			rename $data, "$data.away";
			row("$number users in vpasswd alone, under softlimit -m 7340032", 'ok', message => plain("user$number\@example.org"), before => \@softlimit,
				warning => "$data is missing: vmkpasswd(1) makes it");
			rename "$data.away", $data;
		}
		next if !$strace || $sanitized || system("$strace -o /dev/null true 2>/dev/null") != 0;

		# The first user of the file stands in its own slot of the cdb, whatever the number.
		$count{$number} = $calls->('user1@example.org');
		my @others = map { $calls->("user$_\@example.org") } map { 7 * $_ } 1 .. 20;
		$count{"$number, others"} = (sort { $a <=> $b } @others)[10];
	}
  SKIP: {
		skip 'strace is not installed or not allowed', 2 if !%count;
		like $count{1_000}, qr/^\d\d+$/, 'system calls are counted';
		is $count{100_000}, $count{1_000}, "as many system calls for 100000 users as for 1000: $count{1_000}";
		cmp_ok abs($count{'100000, others'} - $count{'1000, others'}), '<=', 2, 'whoever logs in, but for a slot of the cdb more or less';
	}
	write_domain('example.org', user('joe'));
}

# ---- the rest --------------------------------------------------------------------------------------------------

row('lookup for Dovecot', 'ok', message => "joe\@example.org\0\0\0", env => { AUTHORIZED => 1 }, keys => "dovecot = yes\n");
is run(message => "nobody\@example.org\0\0\0", env => { AUTHORIZED => 1 }, keys => "dovecot = yes\n")->{exit}, 3, '... unknown';
{
	my $both = "dovecot = yes\ndovecot-credentials = yes\n";
	my %asks = (AUTHORIZED => 1, CREDENTIALS_LOOKUP => 1);
	write_domain('example.org', user('joe', clear => $password), user('jim'), user('shut', flags => 0x0a));
	is run(message => "$_\@example.org\0\0\0", env => \%asks, keys => $both)->{env}{password}, $_ eq 'joe' ? "{PLAIN}$password" : undef,
	  "the secret of $_ for Dovecot: a clear password, and no hash" for qw(joe jim);
	my $shut = sub { run(message => "shut\@example.org\0\0\0", keys => $both, env => { AUTHORIZED => 1, TCPLOCALPORT => undef, @_ })->{exit} };
	is $shut->(SERVICE => $_), 3, "a user without POP and IMAP: $_ is refused" for qw(imap pop3);
	is $shut->(SERVICE => $_), 0, "... mail is delivered ($_)" for qw(lmtp doveadm);
	write_domain('example.org', user('joe'));
}
row("$_ that is not absolute", 'configuration', keys => "newer = cdb\n", config => "$_ = relative/path\n", detail => qr/must be an absolute path/)
  for qw(users-cdb vpopmail-home);
row("$_ with another word", 'configuration', keys => "$_ = maybe\n", detail => qr/$_ must be yes or no/) for qw(create-maildir lastauth);
row('the answer of the subprogram is passed on', 'ok', message => plain('joe@example.org'));
is run(subprogram => [ '/bin/sh', '-c', 'exit 37' ])->{exit}, 37, '... as it is';
is run(subprogram => ["$dir/nowhere/program"])->{exit}, 111, 'no subprogram: 111, not the 0 of vchkpw';

done_testing;
