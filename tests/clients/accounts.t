# checkpw-passwd behind a real mail server: system users log in by PLAIN and LOGIN through
# qpsmtpd's own plugin, and are refused CRAM-MD5. See Server.pm.
#
# The checker is set-uid root, mode 4750, with the group of the mail server. It reads the real
# paths, in a mount namespace where /etc is a copy with users of this test's own.
use strict;
use warnings;

use FindBin qw($Bin);
use Test::More;

use lib $Bin;
use Server;

prepare('checkpw-passwd');
my $reason = no_set_uid();
plan skip_all => $reason if $reason;

my %USERS = (cpwsha => 'SHA512', cpwyes => 'YESCRYPT', cpwmd5 => 'MD5', cpwlocked => 'SHA512');
my $UID = 60110;

sub must { system(@_) == 0 or die "@_: failed\n" }

sub accepted { return "235; auth-ok service=smtp ip=$CLIENT mech=$_[0] user=\"$_[1]\"" }
sub refused  { return "535; auth-fail service=smtp ip=$CLIENT mech=$_[0] user=\"$_[1]\"" }

# What the subprogram is left with after a login.
sub left {
    my ($login) = @_;
    swaks('PLAIN', $login, "Kennwort $login");
    return (new_log() =~ /^subprogram: (.*)/m)[0] // '';
}

sub ids { my ($uid, $gid) = @_; return 'Uid:' . " $uid" x 4 . ', Gid:' . " $gid" x 4 }

make_installation('accounts', 0, $srv_gid, 04750);
must('cp', '-a', '/etc/.', "$dir/etc");
unlink "$dir/etc/nologin";
my @names = sort keys %USERS;
my $uid   = $UID;
for my $login (@names) {
    must(in_namespace(), qw(useradd -l -M -N -K UID_MAX=70000 -g 65534 -d / -u), $uid++, $login);
    open my $chpasswd, '|-', in_namespace(), 'chpasswd', '-c', $USERS{$login}
        or die "chpasswd: $!\n";
    print {$chpasswd} "$login:Kennwort $login\n";
    close $chpasswd or die "chpasswd: failed\n";
}
must(in_namespace(), 'usermod', '-L', 'cpwlocked');

my @CHECK = ('become = no');

# The environment names another configuration: a checker that follows it accepts nobody.
write_file("$dir/other.conf", 0644, 0, "log = stderr\nallow = cpwnobody\n");
start_server({ CHECKPW_CONF => "$dir/other.conf", STORE => '/etc/shadow' }, in_namespace());
configure_plugins(conf => \@CHECK);
for my $mech (qw(PLAIN LOGIN)) {
    for my $login (grep { $_ ne 'cpwlocked' } @names) {
        is(swaks($mech, $login, "Kennwort $login"),
            accepted('plain', $login), "S7 $mech, $USERS{$login}, right password: 235");
        is(swaks($mech, $login, "Kennwort $login."),
            refused('plain', $login), "S7 $mech, $USERS{$login}, wrong password: 535");
    }
    is(swaks($mech, 'cpwlocked', 'Kennwort cpwlocked'),
        refused('plain', 'cpwlocked'), "S7 $mech, locked: 535");
    is(swaks($mech, 'cpwnobody', 'Kennwort cpwsha'),
        refused('plain', 'cpwnobody'), "S7 $mech, unknown login: 535");
    is(swaks($mech, 'root', 'Kennwort cpwsha'), refused('plain', 'root'), "S7 $mech, root: 535");
}
is(left('cpwyes'), '', 'nothing of the subprogram, if it is /bin/true');
configure_plugins(true => "$dir/true", conf => \@CHECK);
is(left('cpwyes'), ids($srv_uid, $srv_gid) . ', limit ' . limit_seen(),
    'become = no: the subprogram has the ids of the server, no shadow, its limit');
is(left('cpwlocked'), '', 'become = no: no subprogram for the locked');

configure_plugins(true => "$dir/true");
my ($yes) = grep { $names[$_] eq 'cpwyes' } 0 .. $#names;
is(left('cpwyes'), ids($UID + $yes, 65534) . ', limit ' . limit_seen(),
    'become = yes: the subprogram has the ids of the user, no shadow, its limit');

# qpsmtpd writes the time of its challenges in hexadecimal.
for my $order (qw(new old)) {
    configure_plugins(order => $order, conf => [@CHECK, 'challenge-window = 0']);
    is(swaks('CRAM-MD5', 'cpwmd5', 'Kennwort cpwmd5'),
        refused('cram-md5', 'cpwmd5'), "CRAM-MD5, $order order: 535");
    like(new_log(), qr/ reason=one-way /, "CRAM-MD5, $order order: the log says why");
}

configure_plugins(conf => \@CHECK);
chmod 0750, "$dir/checkpw-passwd";
like(swaks('PLAIN', 'cpwsha', 'Kennwort cpwsha'),
    qr/^535; auth-temp .*ip=\Q$CLIENT\E/, 'the set-uid bit is missing: 535');
like(
    new_log(),
    qr/ reason=store .*as uid $srv_uid\): is the program set-uid root/,
    '... and the log says so'
);
like(new_log(), qr/auth failed: 28416$/m, '... exit 111');
unlike(read_file("$dir/log"), qr/Kennwort|\$[0-9a-z]+\$/, 'no password, no hash in the log');
done_testing();
