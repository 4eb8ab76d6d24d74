# The decision table of the handshake, row by row, and what each known caller sends.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $digits = '0123456789abcdef0123456789abcdef';
my $store = join "\n", 'joe:secret', "hex:$digits", 'angle:<1.2@h>',
  'ctx:{CRAM-MD5}' . cram_context('secret'), '';

my $fresh = challenge();
my $digest = hmac_md5_hex($fresh, 'secret');
my $apop = Digest::MD5::md5_hex($fresh . 'secret');

# One attempt: the name says the row; `exit` and `reason` are what must come out.
sub row {
	my ($name, $message, $exit, $reason, %more) = @_;
	my $got = attempt(store => $store, message => $message, %more);
	my %want = (
		exit => $exit, signal => 0, stdout => '', subprogram => $exit == 0 ? 'ran' : 'not run',
		reason => $reason, outcome => $exit == 0 ? 'auth-ok' : $exit == 1 || $exit == 3 ? 'auth-fail' : 'auth-temp',
		mech => $more{mech} // $got->{line}{mech},
	);
	my %found = (
		map({ $_ => $got->{$_} } qw(exit signal stdout)), map({ $_ => $got->{line}{$_} } qw(reason outcome mech)),
		subprogram => $got->{probe} ? 'ran' : 'not run',
	);
	is_deeply \%found, \%want, $name or diag $got->{log};
	return $got;
}

my $long = 'p' x (512 - length "joe\0\0\0");
row 'row 1: 512 bytes are taken', "joe\0$long\0\0", 1, 'mismatch';
row 'row 1: 513 bytes are refused', "joe\0$long" . "p\0\0", 1, 'oversize';
row 'row 1: 513 bytes with the right password at the front', "joe\0secret\0" . "\0" x 502, 1, 'oversize';
row 'row 1: 60000 bytes without a NUL', 'a' x 60000, 1, 'oversize';
row 'row 2: no byte at all', '', 2, 'malformed';
row 'row 2: no NUL', 'joe', 2, 'malformed';
row 'row 2: one NUL', "joe\0", 2, 'malformed';
row 'row 2: the second NUL is missing, which is no empty password', "joe\0secret", 2, 'malformed';

my @lookup = (config => "dovecot = yes\n", env => { AUTHORIZED => 1 });
is row('row 3: Dovecot looks a login up', "joe\0\0\0", 0, 'ok', mech => 'lookup', @lookup)
  ->{env}{AUTHORIZED}, 2, 'row 3: AUTHORIZED=2 for checkpassword-reply';
row 'row 3: ... which does not exist', "nobody\0\0\0", 3, 'mismatch', mech => 'lookup', @lookup;
row 'row 3: ... with a wrong password is an ordinary attempt', "joe\0x\0\0", 1, 'mismatch', @lookup;
row 'row 3: lookups are off by default', "joe\0\0\0", 1, 'empty', env => { AUTHORIZED => 1 };
row 'row 3: no lookup without AUTHORIZED', "joe\0\0\0", 1, 'empty', config => "dovecot = yes\n";
row 'row 3: AUTHORIZED=2 is no lookup', "joe\0\0\0", 1, 'empty', config => "dovecot = yes\n",
  env => { AUTHORIZED => 2 };
row 'row 4: empty login', "\0secret\0\0", 1, 'empty';
row 'row 4: empty password', "joe\0\0\0", 1, 'empty';
row 'row 4: empty second string with a challenge', "joe\0\0$fresh\0", 1, 'empty';

my @indimail = (config => "indimail = yes\n");
row 'row 5: indimail LOGIN', "joe\0secret\0\0\1\0", 0, 'ok', mech => 'plain', @indimail;
row 'row 5: indimail PLAIN', "joe\0secret\0\0\2\0", 0, 'ok', mech => 'plain', @indimail;
row 'row 5: ... with a third string', "joe\0secret\0x\0\1\0", 1, 'method', @indimail;
row 'row 6: indimail CRAM-MD5', "joe\0$fresh\0$digest\0\3\0", 0, 'ok', mech => 'cram-md5', @indimail;
row 'row 6: ... in the new order', "joe\0$digest\0$fresh\0\3\0", 1, 'method', @indimail;
row 'row 6: ... without a digest', "joe\0$fresh\0x\0\3\0", 1, 'method', @indimail;
row 'row 6: ... with challenges switched off', "joe\0$fresh\0$digest\0\3\0", 1, 'method',
  config => "indimail = yes\nchallenges = no\n";
row 'row 7: another method byte', "joe\0secret\0\0\4\0", 1, 'method', @indimail;
row 'row 7: method byte NUL', "joe\0secret\0\0\0\0", 1, 'method', @indimail;
row 'row 7: a longer tail is no method byte: row 9', "joe\0secret\0x\0\1\0\0", 0, 'ok', @indimail;
row 'row 7: without indimail the method byte is a tail', "joe\0secret\0\0\2\0", 0, 'ok';
row 'row 7: a forged CRAM-MD5 with its method byte', "joe\0$fresh\0$digest\0\3\0\0\1\0", 1,
  'mismatch', @indimail;

row 'row 8: third string missing', "joe\0secret\0", 0, 'ok';
row 'row 8: third string unterminated', "joe\0secret\0abc", 0, 'ok';
row 'row 8: third string empty', "joe\0secret\0\0", 0, 'ok';
row 'row 8: a digest and an unterminated challenge are no CRAM-MD5', "joe\0$digest\0$fresh", 1, 'mismatch';
row 'row 9: a tail: the forged replay, new order', "joe\0$digest\0$fresh\0\0", 1, 'mismatch';
row 'row 9: a tail: the forged replay, old order', "joe\0$fresh\0$digest\0\0\0", 1, 'mismatch';
row 'row 9: a tail of text', "joe\0$digest\0$fresh\0x", 1, 'mismatch';
row 'row 9: the password still counts', "joe\0secret\0$fresh\0\0", 0, 'ok';
for my $method (qw(login plain LOGIN)) {
	row "row 10: SMTPAUTHMETHOD=$method: no CRAM-MD5", "joe\0$digest\0$fresh\0", 1, 'mismatch',
	  env => { SMTPAUTHMETHOD => $method };
	row "row 10: SMTPAUTHMETHOD=$method: plaintext", "joe\0secret\0\0", 0, 'ok',
	  env => { SMTPAUTHMETHOD => $method };
}
row 'row 10: SMTPAUTHMETHOD=cram-md5', "joe\0$digest\0$fresh\0", 0, 'ok', mech => 'cram-md5',
  env => { SMTPAUTHMETHOD => 'cram-md5' };
for my $offered ('', '-', '!', 'login plain', '+') {
	row "row 11: SMTPAUTH='$offered' names no cram", "joe\0$digest\0$fresh\0", 1, 'mismatch',
	  env => { SMTPAUTH => $offered, TCPLOCALPORT => 25 };
}
row 'row 11: old order, CRAM-MD5 not offered', "joe\0$fresh\0$digest\0", 1, 'mismatch',
  env => { SMTPAUTH => 'login', TCPLOCALPORT => 587 };
row 'row 11: the port is not known', "joe\0$digest\0$fresh\0", 1, 'mismatch', env => { SMTPAUTH => 'login' };
row 'row 11: +cram is offered', "joe\0$digest\0$fresh\0", 0, 'ok', mech => 'cram-md5',
  env => { SMTPAUTH => '+cram', TCPLOCALPORT => 25 };
row 'row 11: not an SMTP service', "joe\0$digest\0$fresh\0", 0, 'ok', mech => 'cram-md5',
  env => { SMTPAUTH => 'login', TCPLOCALPORT => 110 };
row 'row 12: challenges switched off, new order', "joe\0$digest\0$fresh\0", 1, 'mismatch',
  config => "challenges = no\n";
row 'row 12: challenges switched off, old order', "joe\0$fresh\0$digest\0", 1, 'mismatch',
  config => "challenges = no\n";
row 'row 12: plaintext goes on', "joe\0secret\0$fresh\0", 0, 'ok', config => "challenges = no\n";
row 'row 13: CRAM-MD5, new order', "joe\0$digest\0$fresh\0", 0, 'ok', mech => 'cram-md5';
row 'row 13: CRAM-MD5 from a context', "ctx\0$digest\0$fresh\0", 0, 'ok', mech => 'cram-md5';
row 'row 13: a password of 32 hex digits', "hex\0$digits\0$fresh\0", 0, 'ok', mech => 'plain';
row 'row 13: wrong digest', "joe\0$digits\0$fresh\0", 1, 'mismatch', mech => 'cram-md5';
row 'row 13: upper case is no digest', "joe\0\U$digest\E\0$fresh\0", 1, 'mismatch', mech => 'plain';
row 'row 13: APOP is off by default', "joe\0$apop\0$fresh\0", 1, 'mismatch';
row 'row 13: APOP switched on', "joe\0$apop\0$fresh\0", 0, 'ok', mech => 'apop', config => "apop = yes\n";
row 'row 13: APOP needs the plaintext', "ctx\0$apop\0$fresh\0", 1, 'mismatch', config => "apop = yes\n";
row 'row 14: CRAM-MD5, old order', "joe\0$fresh\0$digest\0", 0, 'ok', mech => 'cram-md5';
row 'row 14: old order, context', "ctx\0$fresh\0$digest\0", 0, 'ok', mech => 'cram-md5';
row 'row 14: only CRAM-MD5: the challenge is no password', "angle\0<1.2\@h>\0$digits\0", 1, 'stale';
row 'row 14: APOP is never in the old order', "joe\0$fresh\0$apop\0", 1, 'mismatch', config => "apop = yes\n";
row 'row 15: a constant as third string', "joe\0secret\0Y123456\0", 0, 'ok', mech => 'plain';
row 'row 15: a password that begins with <', "angle\0<1.2\@h>\0\0", 0, 'ok', mech => 'plain';
row 'row 15: two digests', "joe\0$digest\0$digest\0", 1, 'mismatch', mech => 'plain';
row 'row 15: two challenges', "joe\0$fresh\0$fresh\0", 1, 'mismatch', mech => 'plain';

# What each caller sends; C is there whether it was used or not.
for my $user ('joe', 'ctx') {
	my %sent = (
		'S1 qmail-popup'                      => [ "$user\0secret\0$fresh\0" ],
		'S2 qmail-smtpd-auth 0.4, eQmail'     => [ "$user\0secret\0\0", "$user\0$digest\0$fresh\0" ],
		'S2b the same without CRAM-MD5'       => [ "$user\0secret\0" ],
		'S3 qmail-smtpd-auth 0.7, s/qmail'    => [ "$user\0secret\0\0", "$user\0$digest\0$fresh\0" ],
		'S4 qmail-smtpd-auth 0.31, ofmipup'   => [ "$user\0secret\0\0", "$user\0$fresh\0$digest\0" ],
		'S6 Dovecot'                          => [ "$user\0secret\0\0" ],
		'S7 qpsmtpd'                          => [ "$user\0secret\0Y123456\0" ],
		'S8 spamdyke'                         => [ "$user\0secret\0\0", "$user\0$digest\0$fresh\0" ],
	);
	for my $caller (sort keys %sent) {
		row "$caller, user $user, message $_", $sent{$caller}[$_], 0, 'ok' for 0 .. $#{ $sent{$caller} };
	}
	my $s5 = "$user\0$fresh\0$digest\0\3\0";
	row "S5 indimail, user $user, $_", $_ eq 'CRAM-MD5' ? $s5 : "$user\0secret\0\0" . ($_ eq 'LOGIN' ? "\1\0" : "\2\0"),
	  0, 'ok', @indimail for qw(LOGIN PLAIN CRAM-MD5);
	row "S1 qmail-popup APOP, user joe", "joe\0$apop\0$fresh\0", 0, 'ok', config => "apop = yes\n";
}
row 'S3b CRAM-MD5 with the challenge missing', "joe\0$digest\0", 1, 'mismatch';
row 'S3b the replay it lets through stops at $SMTPAUTH', "joe\0$digest\0$fresh\0", 1, 'mismatch',
  env => { SMTPAUTH => '', TCPLOCALPORT => 25 };
row 'S6u Dovecot userdb lookup', "joe\0\0\0", 0, 'ok', @lookup;

# Freshness.
for my $case ([ 1190, 0, 'ok' ], [ 1260, 1, 'stale' ], [ -50, 0, 'ok' ], [ -120, 1, 'stale' ]) {
	my ($age, $exit, $reason) = @$case;
	my $made = challenge($age);
	row "a challenge $age s old", "joe\0" . hmac_md5_hex($made, 'secret') . "\0$made\0", $exit, $reason;
}
for my $made ('<1896.697170952@postoffice.reston.mci.net>', '<noclock@host>', '<.@host>', '<1.99999999999999999999@h>') {
	my $message = "joe\0" . hmac_md5_hex($made, 'secret') . "\0$made\0";
	row "challenge $made is not fresh", $message, 1, 'stale';
	row "challenge $made, window 0", $message, 0, 'ok', config => "challenge-window = 0\n";
}
my $old = challenge(1260);
row 'an old challenge is old for an unknown login, too', "nobody\0" . hmac_md5_hex($old, 'secret') . "\0$old\0", 1, 'stale';
my $made = challenge(100);
row 'a window of 60 s', "joe\0" . hmac_md5_hex($made, 'secret') . "\0$made\0", 1, 'stale',
  config => "challenge-window = 60\n";
for my $not ('<@host>', '<a@>', '<a@b@c>', '<a b@c>', "<a\x80\@c>", 'a@b', '<a@b', '<<1@b>', '<' . 'c' x 252 . '@h>') {
	row "not a challenge: " . substr($not, 0, 20), "joe\0" . hmac_md5_hex($not, 'secret') . "\0$not\0", 1,
	  'mismatch', config => "challenge-window = 0\n";
}
$made = '<' . 'c' x 251 . '@h>';
row 'a challenge of 255 bytes', "joe\0" . hmac_md5_hex($made, 'secret') . "\0$made\0", 0, 'ok',
  config => "challenge-window = 0\n";

# Tried by hand: a terminal is told what it is. A server's descriptor 2 is none.
SKIP: {
	skip 'script is not installed', 2 if !-x '/usr/bin/script';
	my $said = qx{script -qec '@{[ checker() ]}' /dev/null </dev/null 2>&1};
	is $? >> 8, 2, 'on a terminal without a subprogram: exit 2';
	like $said, qr/^usage: cmd5checkpw subprogram \[argument \.\.\.\]\r?$/m, '... and the usage';
}

done_testing;
