# A naive model of the decision table and of the poppasswd format, in perl, against the program, over
# generated files and messages: CHECKPW_MODEL_CASES of them, a small sample by default.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $cases = $ENV{CHECKPW_MODEL_CASES} || 1000;
my $seed = $ENV{CHECKPW_MODEL_SEED} || 20261124;
srand $seed;

sub one_of { return $_[ rand @_ ] }

# ---- the model: written from the manuals, not from the code --------------------------------------

sub is_digest { return $_[0] =~ /\A[0-9a-f]{32}\z/ }

sub is_challenge {
	my ($text) = @_;
	return length $text >= 5 && length $text <= 255 && $text =~ /\A<[\x21-\x3b\x3d\x3f\x41-\x7e]+\@[\x21-\x3b\x3d\x3f\x41-\x7e]+>\z/;
}

sub is_fresh {
	my ($challenge, $window) = @_;
	return 1 if $window == 0;
	my ($time) = $challenge =~ /\A<(?:.*\.)?(\d{1,12})\@/ or return 0;
	return $time >= time - $window && $time <= time + 60;
}

# What is stored for a login: undef if there is none.
sub stored_for {
	my ($file, $login) = @_;
	for my $line (split /\n/, $file) {
		$line =~ s/\r\z//;
		next if $line =~ /\A#/ || $line =~ /\0/ || length $line > 4096 || $line !~ /:/;
		my ($name, $secret) = split /:/, $line, -1;
		return $secret if $name eq $login;
	}
	return;
}

# The password that a stored plaintext or context stands for, among those the generator makes; undef
# if it can never be right.
sub password_of {
	my ($stored, $contexts) = @_;
	return if !defined $stored || $stored eq '' || $stored =~ /\A[!*]/ || $stored eq 'x';
	return $1 if $stored =~ /\A\{(?:PLAIN|CLEAR|CLEARTEXT)\}(.*)\z/is;
	return pack 'H*', $1 if $stored =~ /\A\{PLAIN\.HEX\}((?:[0-9a-f]{2})*)\z/i;
	return $contexts->{ lc $1 } if $stored =~ /\A\{CRAM-MD5\}([0-9a-f]{64})\z/i;
	return if $stored =~ /\A[ \t]*\{/ || $stored =~ /\A[ \t]*\$[^\$,]+[\$,]/;
	return $stored;
}

sub verdict {
	my ($file, $message, $env, $config, $contexts) = @_;
	return 1 if length $message > 512;
	my @parts = split /\0/, $message, -1;
	return 2 if @parts < 3;
	my ($login, $second) = @parts;
	my $has_third = @parts >= 4;
	my $third = $has_third ? $parts[2] : '';
	my $tail = $has_third ? join "\0", @parts[ 3 .. $#parts ] : '';
	my $stored = stored_for($file, $login);
	my $password = password_of($stored, $contexts);

	if ($config->{dovecot} && ($env->{AUTHORIZED} // '') eq '1' && $second eq '') {
		return $login eq '' ? 1 : defined $stored ? 0 : 3;
	}
	return 1 if $login eq '' || $second eq '';
	my $plaintext = defined $password && $password eq $second;
	my $cram = sub {
		my ($challenge, $digest) = @_;
		return defined $password && $password ne '' && is_fresh($challenge, $config->{window}) &&
		  hmac_md5_hex($challenge, $password) eq $digest;
	};
	if ($config->{indimail} && $has_third && length $tail == 2 && substr($tail, 1) eq "\0") {
		my $method = ord $tail;
		return $third eq '' && $plaintext ? 0 : 1 if $method == 1 || $method == 2;
		return $config->{challenges} && is_challenge($second) && is_digest($third) && $cram->($second, $third) ? 0 : 1
		  if $method == 3;
		return 1;
	}
	my $no_challenge = $third eq '' || $tail ne '' || ($env->{SMTPAUTHMETHOD} // '') =~ /\A(?:login|plain)\z/i ||
	  (defined $env->{SMTPAUTH} && $env->{SMTPAUTH} !~ /cram/i) || !$config->{challenges};
	return $plaintext ? 0 : 1 if $no_challenge;
	return $plaintext || $cram->($third, $second) ? 0 : 1 if is_digest($second) && is_challenge($third);
	return $cram->($second, $third) ? 0 : 1 if is_challenge($second) && is_digest($third);
	return $plaintext ? 0 : 1;
}

# ---- the generator -------------------------------------------------------------------------------

my @logins = ('joe', 'ami', 'joe@example.org', "j\xf6", 'a', '#joe', 'joe:secret', ' joe');
my @passwords = ('secret', 'x y', "p\xe4ss", '<1.2@h>', 'f' x 32, '{odd', '$1$2', 'a' x 70, '!bang', '$ecret', '');
my %context_of = map { $_ => cram_context($_) } @passwords;
my %password_of_context = reverse %context_of;

sub a_secret {
	my $password = one_of(@passwords);
	return one_of(
		$password, $password, "{PLAIN}$password", "{cleartext}$password", '{CRAM-MD5}' . $context_of{$password},
		'{PLAIN.HEX}' . unpack('H*', $password), '{CRAM-MD5}' . uc $context_of{$password}, "!{PLAIN}$password",
		'{CRAM-MD5}' . substr($context_of{$password}, 1), "{NOSUCH}$password", ' {PLAIN}secret', '', 'x', '*',
	);
}

sub a_line {
	my $entry = one_of(@logins) . ':' . a_secret();
	return one_of($entry, $entry, $entry, "$entry:ignored:too", "# $entry", '', 'no colon', "\0$entry", ":$entry",
		$entry . ':' . 'y' x 4100);
}

sub a_file {
	my $end = one_of("\n", "\n", "\n", "\r\n");
	return join($end, map { a_line() } 1 .. 1 + int rand 8) . one_of($end, '');
}

# Mostly a login of the file and what it stands for, so that many attempts come close to being right.
sub a_message {
	my ($file) = @_;
	my ($login, $password) = (one_of(@logins, 'nobody', ''), one_of(@passwords, one_of(values %context_of), '{PLAIN}secret'));
	if (rand() < 0.8) {
		my @present = grep { length } map { /\A([^:\0#][^:\0]*):/ ? $1 : '' } split /\r?\n/, $file;
		$login = one_of(@present) // $login;
		my $right = password_of(stored_for($file, $login), \%password_of_context);
		$password = $right if defined $right && $right ne '' && rand() < 0.8;
	}
	my $challenge = one_of((challenge()) x 8, challenge(1300), challenge(-100), '<noclock@h>', '<@h>', 'text', '');
	my $digest = one_of((hmac_md5_hex($challenge, $password)) x 4, hmac_md5_hex($challenge, one_of(@passwords)), 'f' x 32, 'F' x 32);
	my @shapes = ([ $login, $password, '' ], [ $login, $password ], [ $login, $digest, $challenge ],
		[ $login, $challenge, $digest ], [ $login, $password, $challenge ], [ $login, $digest ], [$login]);
	my $message = join '', map { "$_\0" } @{ one_of(@shapes, @shapes[ 2, 3 ]) };
	return $message . one_of(('') x 12, "\0", "\1\0", "\2\0", "\3\0", "\4\0", 'tail', "\0\0") . one_of(('') x 20, 'z' x 500);
}

# ---- the comparison ------------------------------------------------------------------------------

my ($disagreements, %seen) = (0);
while ($cases > 0) {
	my $file = a_file();
	my $contents = write_file(scratch() . '/poppasswd', $file);
	for (1 .. 20) {
		my %config = (dovecot => rand() < 0.1, indimail => rand() < 0.2, challenges => rand() < 0.9,
			window => one_of(1200, 1200, 1200, 0, 86400));
		my %env;
		$env{AUTHORIZED} = one_of(1, 2) if rand() < 0.1;
		$env{SMTPAUTHMETHOD} = one_of('login', 'PLAIN', 'cram-md5') if rand() < 0.2;
		$env{SMTPAUTH} = one_of('', 'login', '+cram', '-') if rand() < 0.2;
		my $message = a_message($file);
		my $want = verdict($file, $message, \%env, \%config, \%password_of_context);
		my $got = attempt(message => $message, env => \%env, file => $contents, subprogram => [ '/bin/true' ],
			config => join '', map({ "$_ = " . ($config{$_} ? 'yes' : 'no') . "\n" } qw(dovecot indimail challenges)),
			"challenge-window = $config{window}\n");
		$seen{$want}++;
		$cases--;
		next if $got->{exit} == $want && $got->{signal} == 0;
		$disagreements++;
		diag "model $want, program $got->{exit}: ", explain { file => $file, message => $message, env => \%env, config => \%config },
		  $got->{log};
		last if $disagreements > 5;
	}
	last if $disagreements > 5;
}
is $disagreements, 0, 'the model and the program agree (seed ' . $seed . ': ' .
  join(', ', map { "$seen{$_} times $_" } sort keys %seen) . ')';
cmp_ok $seen{$_} // 0, '>', 10, "verdict $_ was reached" for 0 .. 2;
done_testing;
