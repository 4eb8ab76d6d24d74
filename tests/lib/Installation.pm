# Every checker as an administrator installs it, with users and real set-id bits, in a mount
# namespace of the test's own with a copy of /etc: the machine is not touched.
package Installation;

use strict;
use warnings;

use Checker;
use Exporter 'import';
use FindBin;
use MariaDB;
use Namespace;
use Test::More;
use Vpopmail;

our @EXPORT = qw(install installed run_installed put hex_of @as_mail);

# checkpw owns the set-uid programs and their stores, a mail server runs as mail, joe has mail.
our %uid = (checkpw => 61_101, mail => 61_102, stranger => 61_103, joe => 61_110, vpopmail => 61_120);
our @groups = (61_104, 61_105);
our @as_mail = ('setpriv', "--reuid=$uid{mail}", "--regid=$uid{mail}", '--groups=' . join(',', @groups), '--');

my ($dir, $server, %installed);

sub hex_of { return unpack 'H*', $_[0] }

sub put {
	my ($path, $text, $owner, $group, $mode) = @_;
	write_file($path, $text);
	chown $owner, $group, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

# A copy of a checker with an owner and set-id bits.
sub copy {
	my ($of, $owner, $group, $mode) = @_;
	my $folder = sprintf '%s/bin/%d-%04o', $dir, $owner, $mode;
	mkdir $folder or $!{EEXIST} or die "$folder: $!";
	return put("$folder/$of", read_file(checker($of)), $owner, $group, $mode);
}

# Starts the test anew in its namespace, or skips it; to be called first.
sub install {
	my (%given) = @_;
	plan skip_all => 'needs root, to make set-id programs' if $> != 0;
	plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
	own_namespace();
	need_mariadb();
	umask 022;
	$dir = scratch() . '/installed';
	mkdir $dir or die "mkdir: $!";
	# /tmp may be mounted without set-id bits.
	mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
	mkdir "$dir/$_" or die "mkdir: $!" for qw(etc lib bin tests home cores);
	chmod 01777, "$dir/cores";
	must('cp', '-a', '/etc/.', "$dir/etc");
	mount_on('/etc', '--bind', "$dir/etc");
	mount_on('/var/lib', '--bind', "$dir/lib") if -d '/var/lib';
	mkdir $_ or $!{EEXIST} or die "$_: $!" for qw(/etc/checkpw /var/lib/checkpw);
	chown $uid{checkpw}, $uid{checkpw}, '/var/lib/checkpw';
	chmod 0700, '/var/lib/checkpw';
	must('cp', '-p', build_dir() . "/tests/$_", "$dir/tests") for qw(probe spawn standin witness flood);
	put('/etc/nsswitch.conf', join('', map { "$_: files\n" } qw(passwd group shadow gshadow)), 0, 0, 0644);
	return $dir;
}

# Lays out a user whose password is `password`, stored as `stored` (the text of a hash, {PLAIN}...); the
# database's own is `database`. `config` is added to every configuration, `mysql` to that of checkpw-mysql. Returns the names of the installations.
sub installed {
	my (%given) = @_;
	my $common = "log = stderr\n" . ($given{config} // '');
	my $penalty = sub { my ($program, $owner) = @_; return $given{penalty} ? "penalty = yes\npenalty-file = " . penalty_folder($program, $owner) . "/penalty\n" : '' };
	my $stored = $given{stored};
	my $hash = $given{hash} // $stored;
	my $home = "$dir/home/joe";
	mkdir $home;
	chown $uid{joe}, $uid{joe}, $home;
	chmod 0755, $home;
	my $decoy = 'decoy = ' . ($given{decoy} // crypt 'decoy', '$1$abcdefgh$') . "\n";
	my @set_uid = (before => \@as_mail);
	my @by_root = (before => [], env => { TCPLOCALPORT => 110 });

	put('/etc/poppasswd', "joe:$stored\n", $uid{checkpw}, $uid{checkpw}, 0400);
	put('/etc/checkpw/cmd5checkpw.conf', $common . $penalty->('cmd5checkpw', $uid{checkpw}), 0, 0, 0644);
	%installed = ('cmd5checkpw, set-uid' => { @set_uid, env => { TCPLOCALPORT => 25 }, login => 'joe', program => [ copy('cmd5checkpw', $uid{checkpw}, $uid{checkpw}, 06755) ] });
	$installed{'cmd5checkpw, root'} = { @by_root, login => 'joe', program => [ copy('cmd5checkpw', 0, 0, 0755) ] };

	for my $case ([ 'passwd', "joe:x:$uid{joe}:$uid{joe}::$home:/bin/sh\n", 0644 ], [ 'shadow', "joe:$hash:19000:0:99999:7:::\n", 0600 ]) {
		my ($file, $line, $mode) = @{$case};
		put("/etc/$file", join('', grep { !/^joe:/ } split /(?<=\n)/, read_file("/etc/$file")) . $line, 0, 0, $mode);
	}
	put('/etc/checkpw/checkpw-passwd.conf', "$common$decoy" . $penalty->('checkpw-passwd', 0), 0, 0, 0644);
	my $account = { login => 'joe', program => [ copy('checkpw-passwd', 0, $uid{mail}, 04750) ] };
	$installed{'checkpw-passwd, set-uid root'} = { @set_uid, %{$account} };
	$installed{'checkpw-passwd, root'} = { @by_root, %{$account}, program => [ copy('checkpw-passwd', 0, 0, 0755) ] };

	my $domain = make_path("$dir/vpopmail/domains/example.org", 0755);
	mkdir "$domain/joe";
	chown $uid{vpopmail}, $uid{vpopmail}, $domain, "$domain/joe";
	my $line = vpasswd_line('joe', $hash, "$domain/joe", defined $given{clear} ? (clear => $given{clear}) : ());
	put("$domain/vpasswd", $line, $uid{vpopmail}, $uid{vpopmail}, 0640);
	put("$domain/vpasswd.cdb", vpasswd_cdb_of($line), $uid{vpopmail}, $uid{vpopmail}, 0640);
	put("$dir/users-cdb", cdb_of(assign_data('example.org', 'example.org', $uid{vpopmail}, $uid{vpopmail}, $domain)), 0, 0, 0644);
	put('/etc/checkpw/checkpw-vpasswd.conf', $common . $decoy . $penalty->('checkpw-vpasswd', $uid{vpopmail}) . "users-cdb = $dir/users-cdb\nvpopmail-home = $dir/vpopmail\n", 0, 0, 0644);
	my $vpopmail = { login => 'joe@example.org', program => [ copy('checkpw-vpasswd', $uid{vpopmail}, $uid{mail}, 04750) ] };
	$installed{'checkpw-vpasswd, set-uid'} = { @set_uid, %{$vpopmail}, env => { TCPLOCALPORT => 25 } };
	$installed{'checkpw-vpasswd, root'} = { @by_root, %{$vpopmail}, program => [ copy('checkpw-vpasswd', 0, 0, 0755) ] };

	lay_out_database(%given);
	my $settings = $common . $decoy . $penalty->('checkpw-mysql', $uid{checkpw}) . "servers = $server->{socket}\nuser = mail\npassword = $given{database}\ndatabase = mail\n"
	  . ($given{mysql} // "connect-timeout = 30\nquery-timeout = 30\n") . "schema = checkpw\nbecome = yes\nafter-login = UPDATE users SET disabled = 0 WHERE login = :login\n";
	put('/etc/checkpw/checkpw-mysql.conf', $settings, $uid{checkpw}, $uid{checkpw}, 0400);
	put('/etc/checkpw/root-mysql.conf', $settings, 0, 0, 0400);
	my $row = { login => 'joe', program => [ copy('checkpw-mysql', $uid{checkpw}, $uid{checkpw}, 06755) ] };
	$installed{'checkpw-mysql, set-uid'} = { @set_uid, %{$row}, env => { TCPLOCALPORT => 25 } };
	$installed{'checkpw-mysql, root'} = { @by_root, %{$row}, program => [ copy('checkpw-mysql', 0, 0, 0755) ],
		env => { TCPLOCALPORT => 110, CHECKPW_CONF => '/etc/checkpw/root-mysql.conf' } };

	put("$dir/chain.conf", "log = stderr\n", 0, 0, 0644);
	my $chain = copy('checkpw-chain', 0, 0, 0755);
	$installed{'checkpw-chain, the second accepts'} = { @set_uid, login => 'joe@example.org',
		program => [ $chain, $installed{'cmd5checkpw, set-uid'}{program}[0], $vpopmail->{program}[0], '--' ], env => { CHECKPW_CHAIN_CONF => "$dir/chain.conf", TCPLOCALPORT => 25 } };
	return sort keys %installed;
}

sub penalty_folder {
	my ($program, $owner) = @_;
	my $folder = make_path("$dir/penalties/$program", 0755);
	unlink "$folder/penalty";
	chown $owner, $owner, $folder or die "$folder: $!";
	return $folder;
}

# The database is made once, and its table and account each time.
sub lay_out_database {
	my (%given) = @_;
	$server //= MariaDB->new('main');
	$server->sql(join ';', 'CREATE DATABASE IF NOT EXISTS mail', 'USE mail',
		'CREATE OR REPLACE TABLE users (login VARCHAR(99) PRIMARY KEY, password VARCHAR(300), uid INT, gid INT, home VARCHAR(200), disabled INT DEFAULT 0, expires DATETIME)',
		"INSERT INTO users (login, password, uid, gid, home) VALUES ('joe', '$given{stored}', $uid{joe}, $uid{joe}, '$dir/home/joe')",
		"CREATE OR REPLACE USER mail IDENTIFIED BY '$given{database}'", 'GRANT SELECT, UPDATE ON mail.* TO mail');
	return;
}

sub server { return $server }

# What an installation is: login, program, before, env.
sub installation { return $installed{ $_[0] } }

# One login through an installation, as Checker's attempt; `before` goes in front of the change of user, `under`
# behind it, and `password` makes the message.
sub run_installed {
	my ($name, %given) = @_;
	my $one = $installed{$name} or die "$name is not installed\n";
	my %env = (TCPREMOTEIP => '192.0.2.1', CHECKPW_CONF => '/etc/checkpw/' . conf_of($name), %{ $one->{env} // {} }, %{ $given{env} // {} });
	my $out = "$dir/cores/probe.out";
	unlink $out;
	my $got = attempt(message => "$one->{login}\0" . ($given{password} // '') . "\0\0", subprogram => [ "$dir/tests/probe", $out ], %given,
		program => $one->{program}, before => [ @{ $given{before} // [] }, @{ $one->{before} }, @{ $given{under} // [] } ], env => \%env);
	for (split /\n/, read_file($out) // '') {
		/^env ([^=]*)=(.*)/ ? $got->{env}{$1} = $2 : /^([^ :\t]+):?[ \t]*(.*)/ ? $got->{probe}{$1} = $2 : 0;
	}
	$got->{outcome} = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	return $got;
}

sub conf_of {
	my ($name) = @_;
	my ($program) = $name =~ /^([\w-]+)/;
	return "$program.conf";
}

1;
