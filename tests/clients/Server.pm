# A real mail server for the tests: qpsmtpd under tcpserver and softlimit, as the run script
#     softlimit -m 7340032 tcpserver -vRHl0 -u UID -g GID 0 25 SERVER CHECKER /bin/true
# has it, with swaks as the mail client. As root the server runs under an unprivileged id.
package Server;

use strict;
use warnings;

use Exporter qw(import);
use File::Copy qw(copy);
use File::Temp ();
use FindBin qw($Bin);
use IO::Socket::INET ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw($CLIENT $SRV_ID $OWNER_ID $tmp $dir $as_root $srv_uid $srv_gid
    prepare limit_seen no_set_uid make_installation install write_file read_file configure_plugins
    in_namespace start_server stop_all mark_log new_log verdicts swaks connect_smtp say_smtp);

our $CLIENT   = '127.0.0.2';    # so that the server's own address cannot pass for the client's
our $SRV_ID   = 60101;          # neither id needs an entry in passwd
our $OWNER_ID = 60102;
our ($tmp, $dir, $as_root, $srv_uid, $srv_gid);
my ($checker, $name, $limit, $limit_seen, $port, $log_mark, @running);

# Debian's package leaves out the program that runs under tcpserver: this is it.
my $QPSMTPD = <<'EOT';
$| = 1;
$ENV{PATH} = '/usr/bin:/bin';
delete @ENV{qw(ENV BASH_ENV CDPATH IFS)};
my $smtpd = Qpsmtpd::TcpServer->new;
$smtpd->start_connection;
$smtpd->run(IO::Socket::INET->new_from_fd(0, 'r+'));
EOT

END {
    my $status = $?;
    stop_all();
    $? = $status;
}

# ---- the machine ----

# Skips all where a tool is missing. The program of that name is the checker.
sub prepare {
    ($name) = @_;
    $checker = ($ENV{CHECKPW_BUILD} // "$Bin/../../build") . "/bin/$name";
    $SIG{$_} = sub { exit 1 }
        for qw(HUP INT TERM);
    $SIG{ALRM} = sub { die "the mail server does not answer\n" };
    alarm 300;

    $ENV{PATH} = ($ENV{PATH} // '') . ':/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
    $ENV{LC_ALL} = 'C';
    for my $tool (qw(tcpserver softlimit swaks)) {
        plan skip_all => "$tool is not installed"
            unless grep { -x "$_/$tool" } split /:/, $ENV{PATH};
    }
    plan skip_all => 'qpsmtpd is not installed'
        if system('perl -MQpsmtpd::TcpServer -e1 2>/dev/null');
    die "$checker is not built\n" unless -x $checker;

    # The how-to's limit. A dynamic or a sanitized build may not even start in it.
    $limit = 7340032;
    my $status = system("softlimit -m $limit $checker 2>/dev/null 3<&-") >> 8;
    $limit = '=' unless grep { $status == $_ } 1, 2, 111;
    chomp($limit_seen = `softlimit -m $limit sh -c 'ulimit -v'`);

    umask 022;
    $tmp = File::Temp->newdir('qpsmtpd-XXXXXX', TMPDIR => 1);
    chmod 0755, $tmp or die "$tmp: $!\n";
    $as_root = $> == 0;
    $srv_uid = $as_root ? $SRV_ID : $>;
    $srv_gid = $as_root ? $SRV_ID : $) + 0;
}

# The memory limit that the subprogram must see.
sub limit_seen { return $limit_seen }

# Empty when the set-uid part can be run, or else the reason why not.
sub no_set_uid {
    return 'only root can install a set-uid checker' unless $as_root;
    return 'a sanitized build does not work set-uid' if read_file($checker) =~ /__asan_init/;
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

sub read_file {
    my ($path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

# ---- the server ----

# Makes an installation below $tmp/NAME, which is $dir from now on: control/ and plugins/ for
# qpsmtpd, etc/ for the checker, and the checker itself.
sub make_installation {
    my ($installation, $owner, $group, $checker_mode) = @_;
    $dir = "$tmp/$installation";
    mkdir $_ or die "$_: $!\n" for $dir, map { "$dir/$_" } qw(control plugins etc etc/checkpw);
    install($checker, "$dir/$name", $checker_mode, $owner, $group);
    install("$Bin/plugins/auth_checkpassword_cram",
        "$dir/plugins/auth_checkpassword_cram", 0644, 0, 0);

    # The server has raised its limit, so the checker's is set here. qpsmtpd puts sudo, where it is
    # installed, before a checker whose mode is not exactly 4711; a script's set-id bit does nothing.
    write_file("$dir/checker", 0700, $srv_uid,
        qq{#!/bin/sh\nexec softlimit -m $limit $dir/$name "\$@"\n});
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
}

# Read anew by qpsmtpd and the checker for every connection.
sub configure_plugins {
    my %set = (checker => "$dir/checker", true => '/bin/true', order => 'new', conf => [], @_);
    my $program = "checkpw $set{checker} true $set{true}";
    write_file("$dir/control/plugins", 0644, 0,
        "auth/auth_checkpassword $program\nauth_checkpassword_cram $program order $set{order}\n");
    write_file("$dir/etc/checkpw/$name.conf", 0644, 0,
        join '', map { "$_\n" } 'log = stderr', @{ $set{conf} });
}

# The words that run a program in a mount namespace where /etc is the installation's.
sub in_namespace {
    return ('unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc && exec "$@"', "$dir/etc");
}

# Starts the server on a free port; @before is put before its command line. softlimit stands before
# tcpserver as in the how-to, but perl alone needs 30 MB: qpsmtpd goes back to the hard limit.
sub start_server {
    my ($environment, @before) = @_;
    my @ids = $as_root ? ('-u', $srv_uid, '-g', $srv_gid) : ();
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        %ENV = (PATH => $ENV{PATH}, QMAIL => $dir, %$environment);
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

# What was logged since mark_log().
sub new_log { return substr read_file("$dir/log"), $log_mark }

sub mark_log { $log_mark = length read_file("$dir/log") }

# The checker's log lines without process id, reason and detail, which are not these tests' business.
sub verdicts {
    return map { s/ reason=\S+//r =~ s/ detail=".*//r } new_log() =~ /^\Q$name\E\[\d+\]: (.*)/mg;
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

1;
