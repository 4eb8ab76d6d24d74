# The checkers behind a real Dovecot 2.3: IMAP and POP3 logins by PLAIN, LOGIN, USER/PASS, CRAM-MD5,
# APOP and SCRAM-SHA-256, wrong passwords, temporary failures, `doveadm user`.
#
# Dovecot runs in a mount namespace with a copy of /etc that holds this test's own users, listens on
# 127.0.0.1 only, and is stopped by its pid.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Digest::MD5 'md5_hex';
use Digest::SHA qw(hmac_sha256 sha256);
use IO::Socket::INET;
use MIME::Base64;
use Namespace;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use Vpopmail;

plan skip_all => 'needs root, to run Dovecot' if $> != 0;
$ENV{PATH} = '/usr/sbin:/usr/bin:/sbin:/bin';
for my $needed (qw(/usr/sbin/dovecot /usr/bin/doveadm /usr/lib/dovecot/imap /usr/lib/dovecot/pop3)) {
	plan skip_all => "$needed is not installed" if !-x $needed;
}
plan skip_all => 'not Dovecot 2.3' if `dovecot --version` !~ /^2\.3\./;
plan skip_all => 'sanitizers do not work in set-id programs' if read_file(checker()) =~ /__asan_init/;
own_namespace();
$SIG{ALRM} = sub { die "Dovecot does not answer\n" };
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
alarm 240;

my ($checkpw, $vpopmail, $vmail, $joe) = (61_101, 61_102, 61_103, 61_104);
my $dir = scratch();
mount_on($dir, '-t', 'tmpfs', '-o', 'mode=1777,suid,dev,exec', 'tmpfs');
mkdir "$dir/$_" or die "mkdir: $!" for qw(etc bin run mail home);
must('cp', '-a', '/etc/.', "$dir/etc");
mount_on('/etc', '--bind', "$dir/etc");
mkdir '/etc/checkpw';
chmod 0755, $dir;

sub put {
	my ($path, $text, $owner, $mode) = @_;
	write_file($path, $text);
	chown $owner, $owner, $path or die "chown $path: $!";
	chmod $mode, $path or die "chmod $path: $!";
	return $path;
}

sub append { my ($path, $text) = @_; put($path, read_file($path) . $text, 0, $path eq '/etc/shadow' ? 0600 : 0644) }

my $hash = crypt('Kennwort-joe', '$6$rounds=1000$abcdefgh$');
append('/etc/passwd', "checkpw:x:$checkpw:${checkpw}::/:/bin/sh\nvpopmail:x:$vpopmail:${vpopmail}::/:/bin/sh\n" .
	"vmail:x:$vmail:${vmail}::/:/bin/sh\njoe:x:$joe:${joe}::$dir/home/joe:/bin/sh\n");
append('/etc/group', "checkpw:x:$checkpw:\nvpopmail:x:$vpopmail:\nvmail:x:$vmail:\njoe:x:$joe:\n");
append('/etc/shadow', "joe:$hash:20000::::::\n");
mkdir "$dir/home/joe";
chown $joe, $joe, "$dir/home/joe";
chown $vmail, $vmail, "$dir/mail";

# ---- Dovecot -------------------------------------------------------------------------------------

my ($imap, $pop3) = map { free_port() } 1, 2;
my $master;

sub free_port {
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "socket: $!";
	return $socket->sockport;
}

sub start_dovecot {
	my ($program, $user, $userdb) = @_;
	write_file("$dir/dovecot.conf", <<"EOT", 0644);
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop scram-sha-256
auth_failure_delay = 0
auth_verbose = yes
first_valid_uid = 1000
mail_location = maildir:~/Maildir
service imap-login {
  inet_listener imap {
    port = $imap
  }
}
service pop3-login {
  inet_listener pop3 {
    port = $pop3
  }
}
# Dovecot itself would let each further failure of the address wait.
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  user = $user
}
passdb {
  driver = checkpassword
  args = $dir/bin/$program
}
userdb {
  $userdb
}
EOT
	$master = fork // die "fork: $!";
	return if $master;
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', "$dir/start";
	open STDERR, '>&', \*STDOUT;
	{ exec 'dovecot', '-F', '-c', "$dir/dovecot.conf" }
	POSIX::_exit(99);
}

sub stop_dovecot {
	return if !$master;
	kill TERM => $master;
	waitpid $master, 0;
	$master = undef;
}

END {
	my $status = $?;
	stop_dovecot();
	$? = $status;
}

sub configure {
	my ($program, $mode, $owner, @keys) = @_;
	put("$dir/bin/$program", read_file(checker($program)), $owner, $mode);
	put("/etc/checkpw/$program.conf", join('', map { "$_\n" } 'log = stderr', 'dovecot = yes', @keys), 0, 0644);
}

# ---- the clients ---------------------------------------------------------------------------------

# What the client answers to each line of the server, by mechanism. LOGIN and PLAIN ignore it.
my %mechanisms = (
	PLAIN => sub { my ($login, $password) = @_; return sub { "\0$login\0$password" } },
	LOGIN => sub { my @answers = @_; return sub { shift @answers } },
	'CRAM-MD5' => sub { my ($login, $password) = @_; return sub { "$login " . hmac_md5_hex($_[0], $password) } },
	'SCRAM-SHA-256' => \&scram,
);

# RFC 5802, with a nonce that need not be secret here.
sub scram {
	my ($login, $password) = @_;
	my ($first, @steps) = ("n=$login,r=nonce$$");
	@steps = (
		sub { "n,,$first" },
		sub {
			my ($server) = @_;
			my ($nonce, $salt, $rounds) = $server =~ /^r=([^,]+),s=([^,]+),i=(\d+)/ or return '*';
			my $block = hmac_sha256(decode_base64($salt) . pack('N', 1), $password);
			my $salted = $block;
			for (2 .. $rounds) {
				$block = hmac_sha256($block, $password);
				$salted ^= $block;
			}
			my $bare = "c=biws,r=$nonce";
			my $key = hmac_sha256('Client Key', $salted);
			return "$bare,p=" . encode_base64($key ^ hmac_sha256("$first,$server,$bare", sha256($key)), '');
		},
		sub { '' },
	);
	return sub { (shift @steps)->($_[0]) };
}

sub connected {
	my ($port) = @_;
	my $deadline = time + 60;
	while (time < $deadline) {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
		return ($socket, scalar <$socket>) if $socket;
		sleep 0.1;
	}
	die "nobody listens on port $port\n";
}

# Goes through an exchange that `command` begins; returns the line that ends it.
sub authenticate {
	my ($socket, $command, $answer) = @_;
	print {$socket} "$command\r\n";
	while (defined(my $line = <$socket>)) {
		$line =~ s/\r\n\z//;
		return $line if $line !~ /^\+(?: (?!OK|Logged)(.*))?$/ || $line =~ /^\+OK/;
		print {$socket} encode_base64($answer->(decode_base64($1 // '')), '') . "\r\n";
	}
	return 'the connection was closed';
}

sub word {
	my ($line) = @_;
	return $line =~ /^(?:a OK|\+OK)/ ? 'ok'
	  : $line =~ /AUTHENTICATIONFAILED|-ERR \[AUTH\]/ ? 'failed'
	  : $line =~ /UNAVAILABLE|SYS\/TEMP/ ? 'temporary'
	  : $line;
}

# The answer, and where the login led to: the mailbox could be opened.
sub imap {
	my ($mech, $login, $password) = @_;
	my ($socket) = connected($imap);
	my $verdict = word(authenticate($socket, "a AUTHENTICATE $mech", $mechanisms{$mech}->($login, $password)));
	return $verdict if $verdict ne 'ok';
	print {$socket} "b SELECT INBOX\r\n";
	while (my $line = <$socket>) {
		return "ok, mailbox $1" if $line =~ /^b (\w+)/;
	}
	return 'ok, and closed';
}

sub pop3 {
	my ($mech, $login, $password) = @_;
	my ($socket, $greeting) = connected($pop3);
	my $verdict;
	if ($mech eq 'USER') {
		authenticate($socket, "USER $login");
		$verdict = word(authenticate($socket, "PASS $password"));
	} elsif ($mech eq 'APOP') {
		my ($challenge) = $greeting =~ /(<.*>)/;
		$verdict = word(authenticate($socket, "APOP $login " . md5_hex("$challenge$password")));
	} else {
		$verdict = word(authenticate($socket, "AUTH $mech", $mechanisms{$mech}->($login, $password)));
	}
	return $verdict if $verdict ne 'ok';
	print {$socket} "STAT\r\n";
	return <$socket> =~ /^\+OK/ ? 'ok, mailbox OK' : 'ok, no mailbox';
}

# Right and wrong passwords of a login by the mechanisms named; those in `refused` cannot be served.
sub logins {
	my ($name, $login, $password, $served, $refused) = @_;
	for my $mech (@$served) {
		my @how = $mech eq 'USER' || $mech eq 'APOP' ? () : ([ 'IMAP', \&imap ]);
		for my $case (@how, [ 'POP3', \&pop3 ]) {
			my ($protocol, $try) = @$case;
			is $try->($mech, $login, $password), 'ok, mailbox OK', "$name: $protocol $mech";
			is $try->($mech, $login, "$password."), 'failed', "$name: $protocol $mech, wrong password";
		}
	}
	is imap($_, $login, $password), 'failed', "$name: IMAP $_ cannot be served" for @{ $refused // [] };
}

sub doveadm_user {
	my ($login) = @_;
	my $said = `doveadm -c $dir/dovecot.conf user '$login' 2>/dev/null`;
	my %field = $said =~ /^(\w+)\t(.*)$/mg;
	return join ' ', $? >> 8, map { $field{$_} // '-' } qw(uid gid home);
}

my ($found, $unknown, $failed) = (0, 67, 75);
my @clear = qw(PLAIN LOGIN USER);
my $context = cram_context('Kennwort-jim');

# ---- cmd5checkpw ---------------------------------------------------------------------------------

sub poppasswd { put('/etc/poppasswd', "joe:Kennwort-joe\njim:{CRAM-MD5}$context\nann:$hash\nbob:!gone\n", $checkpw, 0400) }
poppasswd();
configure('cmd5checkpw', 0755, 0, 'dovecot-credentials = yes');
start_dovecot('cmd5checkpw', 'checkpw', "driver = static\n  args = uid=$vmail gid=$vmail home=$dir/mail/%u");
logins('cmd5checkpw, a plaintext', 'joe', 'Kennwort-joe', [ @clear, 'CRAM-MD5', 'APOP', 'SCRAM-SHA-256' ]);
logins('cmd5checkpw, a context', 'jim', 'Kennwort-jim', [ 'PLAIN', 'CRAM-MD5' ], ['SCRAM-SHA-256']);
logins('cmd5checkpw, a hash', 'ann', 'Kennwort-joe', ['PLAIN'], ['CRAM-MD5']);
is imap($_, 'bob', 'gone'), 'failed', "locked, $_: failed" for qw(PLAIN CRAM-MD5);
is imap($_, 'nobody', 'Kennwort-joe'), 'failed', "an unknown login, $_: failed" for qw(PLAIN CRAM-MD5);
is doveadm_user('joe'), "$found $vmail $vmail $dir/mail/joe", 'doveadm user, the static userdb';
is doveadm_user('nobody'), "$unknown - - -", 'doveadm user nobody';
rename '/etc/poppasswd', '/etc/poppasswd.away';
is imap($_, 'joe', 'Kennwort-joe'), 'temporary', "no store, IMAP $_: temporary" for qw(PLAIN CRAM-MD5);
is pop3('USER', 'joe', 'Kennwort-joe'), 'temporary', 'no store, POP3: temporary';
is doveadm_user('joe'), "$failed - - -", 'doveadm user, no store: no answer';
stop_dovecot();

poppasswd();
configure('cmd5checkpw', 04755, $checkpw, 'dovecot-credentials = yes');
start_dovecot('cmd5checkpw', 'dovecot', "driver = static\n  args = uid=$vmail gid=$vmail home=$dir/mail/%u");
is imap('PLAIN', 'joe', 'Kennwort-joe'), 'ok, mailbox OK', 'set-uid: PLAIN works';
is imap('PLAIN', 'joe', 'wrong'), 'failed', '... a wrong password';
is imap('CRAM-MD5', 'joe', 'Kennwort-joe'), 'temporary', '... no secret is handed out';
like read_file("$dir/log"), qr/dovecot-credentials: no secret is handed out under a set-id bit/, '... and the log says so';
configure('cmd5checkpw', 04755, $checkpw);
is imap('CRAM-MD5', 'joe', 'Kennwort-joe'), 'failed', '... without dovecot-credentials CRAM-MD5 is refused';
is doveadm_user('joe'), "$found $vmail $vmail $dir/mail/joe", '... and users are found';
stop_dovecot();

# ---- checkpw-passwd ------------------------------------------------------------------------------

configure('checkpw-passwd', 0755, 0, 'dovecot-credentials = yes');
start_dovecot('checkpw-passwd', 'root', "driver = checkpassword\n  args = $dir/bin/checkpw-passwd");
logins('checkpw-passwd', 'joe', 'Kennwort-joe', \@clear, ['CRAM-MD5']);
is imap('PLAIN', $_, 'Kennwort-joe'), 'failed', "checkpw-passwd, $_: failed" for qw(nobody-here root);
is doveadm_user('joe'), "$found $joe $joe $dir/home/joe", 'doveadm user: ids and home of the account';
is doveadm_user($_), "$unknown - - -", "doveadm user $_" for qw(nobody-here root);
must('usermod', '-L', 'joe');
is imap('PLAIN', 'joe', 'Kennwort-joe'), 'failed', 'a locked account does not log in';
is doveadm_user('joe'), "$found $joe $joe $dir/home/joe", '... and its mail is delivered';
put('/etc/checkpw/checkpw-passwd.conf', "dovecot = perhaps\n", 0, 0644);
is imap('PLAIN', 'joe', 'Kennwort-joe'), 'temporary', 'a faulty configuration: temporary';
is doveadm_user('joe'), "$failed - - -", '... and doveadm has no answer';
stop_dovecot();

# ---- checkpw-vpasswd -----------------------------------------------------------------------------

{
	my $where = "$dir/vpopmail/domains/example.org";
	make_path("$where/$_", 0755) for qw(joe jim shut);
	make_path("$dir/users", 0755);
	my $lines = join '', vpasswd_line('joe', $hash, "$where/joe", clear => 'Kennwort-joe'), vpasswd_line('jim', $hash, "$where/jim"),
	  vpasswd_line('shut', $hash, "$where/shut", flags => 0x08);
	put("$where/vpasswd", $lines, $vpopmail, 0600);
	put("$where/vpasswd.cdb", vpasswd_cdb_of($lines), $vpopmail, 0600);
	put("$dir/users/cdb", cdb_of(assign_data('example.org', 'example.org', $vpopmail, $vpopmail, $where)), 0, 0644);
	must('chown', '-R', "$vpopmail:$vpopmail", "$dir/vpopmail");
	configure('checkpw-vpasswd', 0755, 0, 'dovecot-credentials = yes', "users-cdb = $dir/users/cdb", "vpopmail-home = $dir/vpopmail",
		'default-domain = example.org');
	start_dovecot('checkpw-vpasswd', 'vpopmail', "driver = checkpassword\n  args = $dir/bin/checkpw-vpasswd");
	logins('checkpw-vpasswd, a clear password', 'joe@example.org', 'Kennwort-joe', [ @clear, 'CRAM-MD5', 'SCRAM-SHA-256' ]);
	logins('checkpw-vpasswd, a hash', 'jim@example.org', 'Kennwort-joe', ['PLAIN'], ['CRAM-MD5']);
	is imap('PLAIN', 'joe', 'Kennwort-joe'), 'ok, mailbox OK', 'checkpw-vpasswd, no domain in the login';
	is imap('PLAIN', 'shut@example.org', 'Kennwort-joe'), 'failed', 'a user without IMAP: failed';
	is pop3('USER', 'shut@example.org', 'Kennwort-joe'), 'ok, mailbox OK', '... has POP3';
	is doveadm_user($_), "$found $vpopmail $vpopmail $where/joe", "doveadm user $_: ids and home of vpopmail" for qw(joe@example.org joe);
	is doveadm_user('nobody@example.org'), "$unknown - - -", 'doveadm user nobody';
	is doveadm_user('joe@example.net'), "$unknown - - -", 'doveadm user of another domain';
	chmod 0, "$where/vpasswd.cdb", "$where/vpasswd";
	is imap('PLAIN', 'joe@example.org', 'Kennwort-joe'), 'temporary', 'no store: temporary';
	stop_dovecot();
}

unlike read_file("$dir/log"), qr/Kennwort|\Q$context\E|rounds=1000/, 'no password and no secret in the log';
done_testing;
