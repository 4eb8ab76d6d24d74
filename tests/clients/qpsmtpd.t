#!/usr/bin/perl
# cmd5checkpw behind a real mail server: qpsmtpd under tcpserver and softlimit, as the run script
#     softlimit -m 7340032 tcpserver -vRHl0 -u UID -g GID 0 25 SERVER CHECKER /bin/true
# has it, with swaks as the mail client. S3, S4 and S7 are the three message shapes that come up:
# qpsmtpd's own plugin sends PLAIN and LOGIN as S7, plugins/auth_checkpassword_cram sends CRAM-MD5
# as S3 (digest first) or S4 (challenge first).
#
# As root the server runs under an unprivileged id and everything is done twice: with an ordinary
# checker, and with a set-uid and set-gid one in front of /etc/poppasswd. As an ordinary user only
# the first is possible.
use strict;
use warnings;

use Digest::MD5 qw(md5 md5_hex);
use File::Copy qw(copy);
use File::Temp ();
use FindBin qw($Bin);
use IO::Socket::INET ();
use MIME::Base64 qw(decode_base64 encode_base64);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

my $CHECKER  = ($ENV{CHECKPW_BUILD} // "$Bin/../../build") . '/bin/cmd5checkpw';
my $CLIENT   = '127.0.0.2';    # so that the server's own address cannot pass for the client's
my $SRV_ID   = 60101;          # neither id needs an entry in passwd
my $OWNER_ID = 60102;

# Debian's package leaves out the program that runs under tcpserver: this is it.
my $QPSMTPD = <<'EOT';
$| = 1;
$ENV{PATH} = '/usr/bin:/bin';
delete @ENV{qw(ENV BASH_ENV CDPATH IFS)};
my $smtpd = Qpsmtpd::TcpServer->new;
$smtpd->start_connection;
$smtpd->run(IO::Socket::INET->new_from_fd(0, 'r+'));
EOT

# login => [password, secret]; the {CRAM-MD5} secret is that of the password "test"
my %USERS = (
    plaintext => ['pass word 1', 'pass word 1'],
    context   => [
        'test',
        '{CRAM-MD5}e02d374fde0dc75a17a557039a3a5338c7743304777dccd376f332bee68d2cf6'
    ],
    sha512crypt => ['pw6', crypt('pw6', '$6$aVerySmallSalt$')],
    yescrypt    => ['pwy', crypt('pwy', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$')],
);

my ($tmp, $dir, $port, $log_mark, @running);

END {
    my $status = $?;
    stop_all();
    $? = $status;
}
$SIG{$_} = sub { exit 1 } for qw(HUP INT TERM);
$SIG{ALRM} = sub { die "the mail server does not answer\n" };
alarm 300;

# ---- the machine ----

$ENV{PATH} = ($ENV{PATH} // '') . ':/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
$ENV{LC_ALL} = 'C';
for my $tool (qw(tcpserver softlimit swaks)) {
    plan skip_all => "$tool is not installed" unless grep { -x "$_/$tool" } split /:/, $ENV{PATH};
}
plan skip_all => 'qpsmtpd is not installed' if system('perl -MQpsmtpd::TcpServer -e1 2>/dev/null');
die "$CHECKER is not built\n" unless -x $CHECKER;

# The how-to's limit. A dynamic or a sanitized build does not even start in it.
my $limit = 7340032;
my $status = system("softlimit -m $limit $CHECKER 2>/dev/null 3<&-") >> 8;
$limit = '=' unless grep { $status == $_ } 1, 2, 111;
chomp(my $limit_seen = `softlimit -m $limit sh -c 'ulimit -v'`);

umask 022;
$tmp = File::Temp->newdir('qpsmtpd-XXXXXX', TMPDIR => 1);
chmod 0755, $tmp or die "$tmp: $!\n";
my $as_root = $> == 0;
my $srv_uid = $as_root ? $SRV_ID : $>;
my $srv_gid = $as_root ? $SRV_ID : $) + 0;

# Empty when the set-uid part can be run, or else the reason why not.
sub no_set_uid {
    return 'only root can install a set-uid checker' unless $as_root;
    return 'a sanitized build does not work set-uid' if read_file($CHECKER) =~ /__asan_init/;
    install('/usr/bin/id', "$tmp/id", 06755, $OWNER_ID, $OWNER_ID);
    my $uid = `setpriv --reuid $SRV_ID --regid $SRV_ID --clear-groups $tmp/id -u 2>&1`;
    return "set-uid programs do not work in $tmp" unless $uid eq "$OWNER_ID\n";
    return 'there is no mount namespace to be had'
        if system "unshare -m mount --bind $tmp /etc 2>/dev/null";
    return '';
}

sub install {
    my ($from, $to, $mode, $uid, $gid) = @_;
    copy($from, $to) or die "$to: $!\n";
    chown $uid, $gid, $to or die "$to: $!\n" if $as_root;
    chmod $mode, $to or die "$to: $!\n";    # after chown, which takes set-id bits away
}

sub write_file {
    my ($path, $mode, $uid, $text) = @_;
    unlink $path;
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
    chown $uid, $uid, $path or die "$path: $!\n" if $as_root;
    chmod $mode, $path or die "$path: $!\n";
}

# ---- the server ----

# Makes an installation below $tmp/NAME: control/ and plugins/ for qpsmtpd, etc/ for the checker.
sub make_installation {
    my ($name, $owner, $checker_mode) = @_;
    $dir = "$tmp/$name";
    mkdir $_ or die "$_: $!\n" for $dir, map { "$dir/$_" } qw(control plugins etc etc/checkpw);
    install($CHECKER, "$dir/cmd5checkpw", $checker_mode, $owner, $owner);
    install("$Bin/plugins/auth_checkpassword_cram",
        "$dir/plugins/auth_checkpassword_cram", 0644, 0, 0);

    # The server has raised its limit, so the checker's is set here. qpsmtpd puts sudo, where it is
    # installed, before a checker whose mode is not exactly 4711; a script's set-id bit does nothing.
    write_file("$dir/checker", 0700, $srv_uid,
        qq{#!/bin/sh\nexec softlimit -m $limit $dir/cmd5checkpw "\$@"\n});
    chmod 04711, "$dir/checker";

    # The subprogram: tells what the checker left it.
    write_file("$dir/true", 0755, 0, <<"EOT");
#!/bin/sh -p
while read -r key real effective saved fs; do
    case \$key in Uid:|Gid:) report="\$report\$key \$real \$effective \$saved \$fs, ";; esac
done < /proc/self/status
if [ -e /proc/self/fd/3 ]; then report="\${report}descriptor 3, "; fi
if [ -r \$STORE ]; then report="\${report}store readable, "; fi
echo "subprogram: \${report}limit \$(ulimit -v)" >&2
EOT
    write_file("$dir/control/me",          0644, 0, "mx.example.org\n");
    write_file("$dir/control/loglevel",    0644, 0, "5\n");
    write_file("$dir/control/plugin_dirs", 0644, 0, "/usr/share/qpsmtpd/plugins\n$dir/plugins\n");
    write_file("$dir/etc/poppasswd",
        0400, $owner, join '', map { "$_:$USERS{$_}[1]\n" } sort keys %USERS);
}

# Read anew by qpsmtpd and the checker for every connection.
sub configure {
    my %set = (checker => "$dir/checker", true => '/bin/true', order => 'new', conf => [], @_);
    my $program = "checkpw $set{checker} true $set{true}";
    write_file("$dir/control/plugins", 0644, 0,
        "auth/auth_checkpassword $program\nauth_checkpassword_cram $program order $set{order}\n");
    write_file("$dir/etc/checkpw/cmd5checkpw.conf", 0644, 0,
        join '', map { "$_\n" } 'log = stderr', @{ $set{conf} });
}

# Starts the server on a free port; @before is put before its command line. softlimit stands before
# tcpserver as in the how-to, but perl alone needs 30 MB: qpsmtpd goes back to the hard limit.
sub start_server {
    my ($environment, @before) = @_;
    my @ids = $as_root ? ('-u', $srv_uid, '-g', $srv_gid) : ();
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        %ENV = (PATH => $ENV{PATH}, QMAIL => $dir, STORE => "$dir/etc/poppasswd", %$environment);
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>',  "$dir/port";
        open STDERR, '>>', "$dir/log";
        { exec @before, qw(softlimit -m 7340032 tcpserver -1vRHl0), @ids, qw(127.0.0.1 0),
            qw(softlimit -m = perl -T -MIO::Socket::INET -MQpsmtpd::TcpServer -e), $QPSMTPD }
        POSIX::_exit(127);
    }
    push @running, $pid;
    for (1 .. 500) {
        sleep 0.02;
        ($port) = read_file("$dir/port") =~ /^(\d+)\n/ and return;
        pop @running, last if waitpid($pid, POSIX::WNOHANG()) == $pid;
    }
    die "the server does not start:\n" . read_file("$dir/log");
}

sub stop_all {
    for my $pid (splice @running) {
        kill TERM => $pid, -$pid;    # itself, and what is left of its process group
        waitpid $pid, 0;
    }
}

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# What was logged since mark_log().
sub new_log { return substr read_file("$dir/log"), $log_mark }

sub mark_log { $log_mark = length read_file("$dir/log") }

# The checker's log lines without process id and reason, which are not this test's business.
sub verdicts {
    return map { s/ reason=\S+//r } new_log() =~ /^cmd5checkpw\[\d+\]: (.*)/mg;
}

# ---- the clients ----

# One AUTH by swaks: the server's reply code and what the checker logged.
sub swaks {
    my ($mechanism, $login, $password) = @_;
    mark_log();
    local @ENV{qw(HOME SWAKS_HOME)} = ($tmp, $tmp);    # nobody's .swaksrc
    open my $swaks, '-|', 'sh', '-c', 'exec swaks "$@" 2>/dev/null', 'swaks',
        '--server', "127.0.0.1:$port", '--local-interface', $CLIENT, '--auth', $mechanism,
        '--auth-user', $login, '--auth-password', $password, '--quit-after', 'AUTH'
        or die "swaks: $!\n";
    my @final = do { local $/; <$swaks> // '' } =~ /^<(?:- |\*\*) ([25]35) .*authentication/mg;
    close $swaks;
    return join '; ', "@final", verdicts();
}

sub connect_smtp {
    my $smtp = IO::Socket::INET->new(
        PeerAddr  => '127.0.0.1',
        PeerPort  => $port,
        LocalAddr => $CLIENT,
        Timeout   => 30
    ) or die "connect: $@\n";
    reply($smtp);
    return $smtp;
}

sub reply {
    my ($smtp) = @_;
    my $reply = '';
    while (my $line = <$smtp>) {
        $reply .= $line;
        last if $line =~ /^\d{3} /;
    }
    return $reply;
}

sub say_smtp {
    my ($smtp, $line) = @_;
    print {$smtp} "$line\r\n";
    return reply($smtp);
}

# AUTH with NULs where no mail client would put any; returns what swaks() does.
sub forge {
    my ($mechanism, @answers) = @_;
    mark_log();
    my $smtp = connect_smtp();
    say_smtp($smtp, 'EHLO client.example.org');
    my $last = say_smtp($smtp, "AUTH $mechanism");
    $last = say_smtp($smtp, encode_base64($_, '')) for @answers;
    return join '; ', substr($last, 0, 3), verdicts();
}

sub hmac_md5_hex {
    my ($data, $key) = @_;
    $key .= "\0" x (64 - length $key);
    return md5_hex($key ^ "\x5c" x 64, md5($key ^ "\x36" x 64, $data));
}

# A genuine CRAM-MD5 login, overheard: reply code, challenge, digest.
sub overheard {
    my ($login) = @_;
    my $smtp = connect_smtp();
    say_smtp($smtp, 'EHLO client.example.org');
    my $challenge = decode_base64(substr say_smtp($smtp, 'AUTH CRAM-MD5'), 4);
    my $digest    = hmac_md5_hex($challenge, $USERS{$login}[0]);
    return substr(say_smtp($smtp, encode_base64("$login $digest", '')), 0, 3), $challenge, $digest;
}

# ---- the tests ----

sub accepted { return "235; auth-ok service=smtp ip=$CLIENT mech=$_[0] user=\"$_[1]\"" }
sub refused  { return "535; auth-fail service=smtp ip=$CLIENT mech=$_[0] user=\"$_[1]\"" }

# qpsmtpd writes the time of its challenges in hexadecimal: to the checker they have no time.
my @HEX_TIME = ('challenge-window = 0');

# The three shapes as they arrive; \0 is shown as ^@.
sub test_messages {
    write_file("$dir/recorder", 0755, 0, <<'EOT');
#!/bin/sh
echo "message: $(cat -v <&3) $SMTPAUTH $SMTPAUTHMETHOD" >&2
exit 1
EOT
    my $challenge = qr/<[0-9a-f]+\.([0-9a-f]+)\@mx\.example\.org>/;
    my $digest    = qr/[0-9a-f]{32}/;
    for my $shape (
        ['S7', 'PLAIN',    'new', qr/joe\^\@secret\^\@Y123456\^\@  $/m],
        ['S7', 'LOGIN',    'new', qr/joe\^\@secret\^\@Y123456\^\@  $/m],
        ['S3', 'CRAM-MD5', 'new', qr/joe\^\@$digest\^\@$challenge\^\@ \+cram cram-md5$/m],
        ['S4', 'CRAM-MD5', 'old', qr/joe\^\@$challenge\^\@$digest\^\@  $/m],
        )
    {
        my ($id, $mechanism, $order, $message) = @$shape;
        configure(checker => "$dir/recorder", order => $order);
        swaks($mechanism, 'joe', 'secret');
        like(new_log(), qr/^message: $message/m, "$id $mechanism: what the checker is sent");
        cmp_ok(abs(hex($1) - time), '<=', 60, "$id $mechanism: the challenge's time is hexadecimal")
            if new_log() =~ $challenge;
    }
}

sub test_installation {
    my ($name, $left_to_subprogram, @store_lines) = @_;

    configure(conf => \@store_lines);
    my $ehlo = say_smtp(connect_smtp(), 'EHLO client.example.org');
    is(join(' ', sort(($ehlo =~ /AUTH (.*)\r/)[0] =~ /\S+/g)),
        'CRAM-MD5 LOGIN PLAIN', "$name: EHLO offers the three mechanisms");

    for my $login (sort keys %USERS) {
        my $right = $USERS{$login}[0];
        for my $mech (qw(PLAIN LOGIN)) {
            is(swaks($mech, $login, $right),
                accepted('plain', $login), "$name: S7 $mech, $login, right password: 235");
            is(swaks($mech, $login, "$right."),
                refused('plain', $login), "$name: S7 $mech, $login, wrong password: 535");
        }
    }
    is(swaks('PLAIN', 'stranger', 'test'),
        refused('plain', 'stranger'), "$name: S7 PLAIN, unknown login: 535");

    is(swaks('CRAM-MD5', 'plaintext', $USERS{plaintext}[0]),
        refused('cram-md5', 'plaintext'), "$name: S3 CRAM-MD5, challenge without a time: 535");
    for my $shape (['S3', 'new'], ['S4', 'old']) {
        my ($id, $order) = @$shape;
        configure(order => $order, conf => [@HEX_TIME, @store_lines]);
        for my $login (qw(plaintext context)) {
            my $right = $USERS{$login}[0];
            is(swaks('CRAM-MD5', $login, $right),
                accepted('cram-md5', $login), "$name: $id CRAM-MD5, $login, right password: 235");
            is(swaks('CRAM-MD5', $login, "$right."),
                refused('cram-md5', $login), "$name: $id CRAM-MD5, $login, wrong password: 535");
        }
        is(swaks('CRAM-MD5', 'sha512crypt', $USERS{sha512crypt}[0]),
            refused('cram-md5', 'sha512crypt'), "$name: $id CRAM-MD5, sha512crypt: 535");
    }

    # Still without a freshness window, so that only the shape of the message can give it away.
    my ($code, $c, $d) = overheard('plaintext');
    is($code, 235, "$name: S4 CRAM-MD5, the login that is overheard: 235");
    my $no = refused('plain', 'plaintext');
    is(forge('LOGIN', 'plaintext', "$d\0$c"), $no, "$name: S7 LOGIN, forged D0C password: 535");
    is(forge('LOGIN', 'plaintext', "$c\0$d"), $no, "$name: S7 LOGIN, forged C0D password: 535");
    is(forge('LOGIN', "plaintext\0$d\0$c", 'x'), $no, "$name: S7 LOGIN, forged U0D0C login: 535");
    is(forge('CRAM-MD5', "plaintext\0$c\0$d x"),
        $no, "$name: S4 CRAM-MD5, forged U0C0D login: 535");

    configure(true => "$dir/true", conf => [@HEX_TIME, @store_lines]);
    my $ids = "Uid:" . " $srv_uid" x 4 . ", Gid:" . " $srv_gid" x 4;
    for my $attempt (['PLAIN', 'yescrypt'], ['CRAM-MD5', 'plaintext']) {
        my ($mech, $login) = @$attempt;
        swaks($mech, $login, $USERS{$login}[0]);
        my ($left) = new_log() =~ /^subprogram: (.*)/m;
        is($left, "$ids, $left_to_subprogram", "$name: $mech, what the subprogram is left with");
    }

    unlink "$dir/etc/poppasswd" or die "poppasswd: $!\n";
    like(swaks('PLAIN', 'plaintext', $USERS{plaintext}[0]),
        qr/^535; auth-temp .*ip=\Q$CLIENT\E/, "$name: S7 PLAIN, store missing: 535");
    like(new_log(), qr/auth failed: 28416$/m, "$name: S7 PLAIN, store missing: exit 111");
}

make_installation('plain', $srv_uid, 0755);
start_server({ CHECKPW_CONF => "$dir/etc/checkpw/cmd5checkpw.conf" });
test_messages();
test_installation('plain', "store readable, limit $limit_seen", "file = $dir/etc/poppasswd");
stop_all();

SKIP: {
    my $reason = no_set_uid();
    skip $reason, 1 if $reason;
    make_installation('set-uid', $OWNER_ID, 06755);
    for my $file (qw(passwd group nsswitch.conf)) {
        copy("/etc/$file", "$dir/etc/$file") or die "/etc/$file: $!\n";
    }

    # The real paths, in a mount namespace where /etc is ours. The environment names the plain
    # installation's configuration, whose store is gone: a checker that follows it accepts nobody.
    start_server({ CHECKPW_CONF => "$tmp/plain/etc/checkpw/cmd5checkpw.conf" },
        'unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"', "$dir/etc");
    test_installation('set-uid', "limit $limit_seen");
}
done_testing();
