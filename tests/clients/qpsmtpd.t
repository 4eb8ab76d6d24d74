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
use FindBin qw($Bin);
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;

use lib $Bin;
use Server;

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

prepare('cmd5checkpw');

# An installation with its file of users.
sub make_store {
    my ($name, $owner, $checker_mode) = @_;
    make_installation($name, $owner, $owner, $checker_mode);
    write_file("$dir/etc/poppasswd",
        0400, $owner, join '', map { "$_:$USERS{$_}[1]\n" } sort keys %USERS);
}

# ---- the clients ----

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
        configure_plugins(checker => "$dir/recorder", order => $order);
        swaks($mechanism, 'joe', 'secret');
        like(new_log(), qr/^message: $message/m, "$id $mechanism: what the checker is sent");
        cmp_ok(abs(hex($1) - time), '<=', 60, "$id $mechanism: the challenge's time is hexadecimal")
            if new_log() =~ $challenge;
    }
}

sub test_installation {
    my ($name, $left_to_subprogram, @store_lines) = @_;

    configure_plugins(conf => \@store_lines);
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
        configure_plugins(order => $order, conf => [@HEX_TIME, @store_lines]);
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

    configure_plugins(true => "$dir/true", conf => [@HEX_TIME, @store_lines]);
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

make_store('plain', $srv_uid, 0755);
start_server(
    { CHECKPW_CONF => "$dir/etc/checkpw/cmd5checkpw.conf", STORE => "$dir/etc/poppasswd" });
test_messages();
test_installation('plain', 'store readable, limit ' . limit_seen(), "file = $dir/etc/poppasswd");
stop_all();

SKIP: {
    my $reason = no_set_uid();
    skip $reason, 1 if $reason;
    make_store('set-uid', $OWNER_ID, 06755);
    for my $file (qw(passwd group nsswitch.conf)) {
        copy("/etc/$file", "$dir/etc/$file") or die "/etc/$file: $!\n";
    }

    # The real paths, in a mount namespace where /etc is ours. The environment names the plain
    # installation's configuration, whose store is gone: a checker that follows it accepts nobody.
    start_server(
        {   CHECKPW_CONF => "$tmp/plain/etc/checkpw/cmd5checkpw.conf",
            STORE        => "$dir/etc/poppasswd"
        },
        in_namespace()
    );
    test_installation('set-uid', 'limit ' . limit_seen());
}
done_testing();
