# What the rows log in to: files of users, vpopmail domains, system accounts, tables, each with as
# many users as the row says, made when the first row needs it. A setup is called with the row; it
# fills env, prefix and arguments, and returns why the row cannot be run, or nothing.
package Stores;

use strict;
use warnings;

use Bench;
use Checker qw(cram_context);
use Exporter 'import';
use POSIX ();
use Time::HiRes ();
use Vpopmail ();

our @EXPORT = qw(poppasswd_setup indexed_setup lines_setup system_setup vpopmail_setup chain_setup
  mysql_setup end_database account_ids indexing);

# The configuration of the row's program.
sub configure {
	my ($row, $text) = @_;

	$row->{env}{CHECKPW_CONF} = write_file("$row->{name}.conf", 0600, "log = stderr\n$text");
	return;
}

# /etc/poppasswd

sub write_numbered {
	my ($file, $count, $rest) = @_;

	printf $file "user%07d:secret%07d%s\n", $_, $_, $rest for 1 .. $count;
	return;
}

sub write_few {
	my ($file) = @_;

	print $file "ann:correct horse battery staple\n", "bob:tiger\n", "joe:secret\n",
		'ctx:{CRAM-MD5}', cram_context('secret'), "\n", "zoe:moon river\n";
	return;
}

# A file with `users` users, or the few that most rows use.
sub poppasswd_file {
	my ($count, $kind) = @_;
	my $name = ($kind // '') . ($count // 'few') . '.poppasswd';

	return scratch_path($name) if -e scratch_path($name);
	return write_file($name, 0400,
		sub { $count ? write_numbered($_[0], $count, '') : write_few($_[0]) });
}

sub poppasswd_setup {
	my ($row) = @_;

	configure($row, 'file = ' . poppasswd_file($row->{users}) . "\n");
	return;
}

my %indexing;

# Seconds, bytes and the most memory in KB that the largest index took.
sub indexing { return \%indexing }

sub make_index {
	my ($path) = @_;
	my $began = Time::HiRes::time();
	my $pid = open my $out, '-|', build_path('bench/bench'), '-n', 1, '-w', 0, '-m', '00', '--',
		build_path('bin/poppasswd'), '-f', $path, 'index', '--', build_path('bench/noop')
		or die "bench: $!\n";
	my $text = do { local $/; <$out> };

	close $out or die "poppasswd index: $text\n";
	my $f = figures($text);
	%indexing = (seconds => $f->{wall} / 1e6, bytes => -s "$path.cdb", memory => $f->{memory}[0])
		if -s "$path.cdb" > ($indexing{bytes} // 0);
	die "poppasswd index: status $f->{status}\n" if $f->{status} ne '0';
	return;
}

sub indexed_setup {
	my ($row) = @_;
	my $path = poppasswd_file($row->{users}, 'indexed-');

	make_index($path) unless -e "$path.cdb";
	configure($row, "file = $path\n");
	return;
}

# What reading the store with stdio costs.
sub lines_setup {
	my ($row) = @_;

	$row->{arguments} = [ poppasswd_file($row->{users}), $row->{message}[1] ];
	return;
}

# System accounts: NSS reads /etc/passwd and /etc/shadow, so the row has its own of them, in a mount
# namespace of the benchmark's own: the system's files are not touched, whatever happens.

sub namespace {
	my ($shell, @arguments) = @_;

	return (undef, 'needs root') if $> != 0;
	return (undef, 'a mount namespace of its own is not allowed here')
		if system('unshare --mount --propagation private true 2>/dev/null') != 0;
	return [ qw(unshare --mount --propagation private sh -c), "$shell exec \"\$@\"", @arguments ];
}

# Who the account is: a program run by root becomes it.
sub account_ids {
	return ($>, $) + 0) if $> != 0;
	my $id = 64000;
	$id-- while defined getpwuid $id or defined getgrgid $id;
	return ($id, $id);
}

sub account_home {
	my $home = scratch_path('home');
	my ($uid, $gid) = account_ids();

	return $home if -d $home;
	for my $dir ($home, "$home/Maildir") {
		mkdir $dir, 0700 and chown $uid, $gid, $dir or die "$dir: $!\n";
	}
	# checkpw and checkapoppw keep the password there.
	my $file = write_file('home/Maildir/.password', 0600, "secret\n");
	chown $uid, $gid, $file or die "$file: $!\n";
	return $home;
}

# joe comes last, behind as many others.
sub write_accounts {
	my ($folder, $count) = @_;
	my ($uid, $gid) = account_ids();
	my $home = account_home();
	my $root = first_line('getent', 'passwd', 'root') || 'root:x:0:0:root:/root:/bin/sh';
	my $hash = crypt 'secret', '$1$saltsalt';
	my $least = crypt('secret', '$3$') // '*'; # NT, one MD4

	mkdir scratch_path($folder), 0755 or die "$folder: $!\n";
	write_file("$folder/passwd", 0644, sub {
		my ($file) = @_;
		print $file "$root\n";
		printf $file "user%07d:x:%d:%d::%s:/bin/sh\n", $_, $uid, $gid, $home for 2 .. $count;
		print $file "$_:x:$uid:$gid\::$home:/bin/sh\n" for qw(ntu joe);
	});
	write_file("$folder/shadow", 0600, sub {
		my ($file) = @_;
		print $file "root:*:19000:0:99999:7:::\n";
		printf $file "user%07d:%s:19000:0:99999:7:::\n", $_, $hash for 2 .. $count;
		print $file "ntu:$least:19000:0:99999:7:::\njoe:$hash:19000:0:99999:7:::\n";
	});
	write_file("$folder/nsswitch.conf", 0644, join '', map { "$_: files\n" } qw(passwd group shadow));
	return;
}

sub system_setup {
	my ($row) = @_;
	my $count = $row->{users} // 10;
	my $folder = "accounts-$count";
	my $files = 'passwd shadow' . ($row->{switch} ? '' : ' nsswitch.conf');

	my ($prefix, $reason) =
		namespace("for f in $files; do mount --bind \"\$0/\$f\" /etc/\$f || exit; done;",
		scratch_path($folder));
	return $reason unless $prefix;
	write_accounts($folder, $count) unless -d scratch_path($folder);
	$row->{prefix} = $prefix;
	configure($row, "missing-home = root\n");
	return;
}

# vpopmail: a domain; the clear password serves CRAM-MD5.

sub vpopmail_domain {
	my ($count) = @_;
	my $name = "vpopmail-$count";
	my $domain = scratch_path($name);

	return $domain if -d $domain;
	mkdir $domain, 0700 or die "$domain: $!\n";
	my $entry = Vpopmail::assign_data('example.org', 'example.org', $>, $) + 0, $domain);
	my $hash = crypt 'secret', '$1$saltsalt';
	my $users = join '', map {
		Vpopmail::vpasswd_line($_, $hash, "$domain/$_", clear => 'secret')
	} 'joe', map { "user$_" } 2 .. $count;
	write_file("$name/users.cdb", 0600, Vpopmail::cdb_of($entry));
	write_file("$name/vpasswd.cdb", 0600, Vpopmail::vpasswd_cdb_of($users));
	return $domain;
}

sub vpopmail_setup {
	my ($row) = @_;
	my $domain = vpopmail_domain($row->{users} // 10);

	configure($row, "users-cdb = $domain/users.cdb\nvpopmail-home = $domain\n");
	$row->{env}{TCPLOCALPORT} = 25;
	return;
}

# A chain of checkpw-vpasswd, which knows no such login, and cmd5checkpw, which accepts it. Each has
# its usual configuration, in an /etc of a mount namespace.
sub chain_setup {
	my ($row) = @_;
	my ($prefix, $reason) = namespace('mount --bind "$0" /etc &&', scratch_path('etc'));

	return $reason unless $prefix;
	my $domain = vpopmail_domain(10);
	my %conf = (
		'checkpw-chain' => join('', map { "checker = $_\n" } build_path('bin/checkpw-vpasswd'),
			build_path('bin/cmd5checkpw')),
		'checkpw-vpasswd' => "users-cdb = $domain/users.cdb\ndecoy = {PLAIN}decoy\n",
		cmd5checkpw => 'file = ' . poppasswd_file() . "\n",
	);
	for (scratch_path('etc'), scratch_path('etc/checkpw')) {
		-d $_ or mkdir $_, 0755 or die "$_: $!\n";
	}
	write_file("etc/checkpw/$_.conf", 0600, "log = stderr\n$conf{$_}") for keys %conf;
	$row->{prefix} = $prefix;
	return;
}

# A database server of the benchmark's own, which ends with it: started by the first row that needs
# it.

my ($database, $database_fault);

sub end_database {
	return unless $database;
	kill 'TERM', $database;
	waitpid $database, 0;
	undef $database;
	return;
}

sub start_database {
	local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
	my ($server, $installer) = map { find_program($_) } qw(mariadbd mariadb-install-db);
	my $user = getpwuid $>;
	my ($log, $socket) = map { scratch_path($_) } qw(database.log socket);
	my $temporary = scratch_path('database-files');
	my @common = ('--no-defaults', '--datadir=' . scratch_path('database'), "--tmpdir=$temporary", "--user=$user");

	return 'mariadbd is not installed' unless $server && $installer;
	mkdir $temporary or return "$temporary: $!";
	return "$installer failed"
		if system("'$installer' @common --auth-root-authentication-method=normal " .
			"--skip-test-db >'$log' 2>&1") != 0;
	$database = fork // die "fork: $!\n";
	if ($database == 0) {
		open STDOUT, '>>', $log;
		open STDERR, '>&', \*STDOUT;
		exec $server, @common, "--socket=$socket", '--skip-networking', '--skip-log-bin',
			'--innodb-buffer-pool-size=128M', '--innodb-flush-log-at-trx-commit=0'
			or POSIX::_exit(127);
	}
	for (1 .. 600) {
		return if system("mariadb --no-defaults -S '$socket' -u root -e '' 2>/dev/null") == 0;
		return "$server ended" if waitpid($database, POSIX::WNOHANG()) != 0;
		select undef, undef, undef, 0.1;
	}
	return "$server does not answer";
}

# The account of the worker, not that of root, asks.
sub mysql_setup {
	my ($row) = @_;
	my $users = $row->{users} // 10;
	my $table = "users_$users";
	my $socket = scratch_path('socket');

	return 'checkpw-mysql is not built' unless -x build_path('bin/checkpw-mysql');
	$database_fault //= start_database() // '';
	return $database_fault if $database_fault;
	open my $client, '|-', 'mariadb', '--no-defaults', '-S', $socket, '-u', 'root'
		or return "mariadb: $!";
	print $client "CREATE DATABASE IF NOT EXISTS bench; USE bench;\n",
		"CREATE TABLE IF NOT EXISTS $table (login VARCHAR(255) CHARACTER SET ascii PRIMARY KEY, password VARCHAR(512));\n",
		"CREATE USER IF NOT EXISTS bench\@localhost IDENTIFIED BY 'bench'; GRANT SELECT ON bench.* TO bench\@localhost;\n",
		"INSERT IGNORE INTO $table VALUES ('joe', '{PLAIN}secret');\n",
		"INSERT INTO $table SELECT CONCAT('user', seq), '{PLAIN}secret' FROM seq_2_to_$users " .
		"WHERE (SELECT COUNT(*) FROM $table) = 1;\n";
	close $client or return 'the tables could not be made';
	configure($row, "servers = $socket\nuser = bench\npassword = bench\ndatabase = bench\n" .
		"query = SELECT login, password FROM $table WHERE login = :login\n");
	return;
}

1;
