# An unknown, a locked and a known login with a wrong password cost the same work, counted in
# instructions: what a client could measure tells it nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

plan skip_all => 'valgrind is not installed' if !-x '/usr/bin/valgrind';
plan skip_all => 'a sanitizer does not run under valgrind' if build_dir() =~ m{/san$};

sub instructions {
	my ($store, $message) = @_;
	my $dir = scratch();
	my $got = attempt(store => $store, message => $message,
		program => [ qw(/usr/bin/valgrind --tool=callgrind), "--callgrind-out-file=$dir/callgrind.out", checker() ]);
	my ($count) = $got->{log} =~ /Collected : (\d+)/;
	$got->{line} && $got->{exit} == 1 && $count or die "not refused, or not counted: $got->{log}";
	return $count;
}

my %secret = (
	plaintext => sub { "secret$_[0]" },
	'CRAM-MD5' => sub { '{CRAM-MD5}' . cram_context("secret$_[0]") },
	sha512crypt => sub { crypt "secret$_[0]", '$6$rounds=1000$saltsalt' . $_[0] },
	yescrypt => sub { crypt "secret$_[0]", '$y$j75$' . $_[0] . '47G.UlT25iYz7wLz82i/1' },
);
my $challenge = challenge();
my $digest = hmac_md5_hex($challenge, 'wrong');
for my $kind (sort keys %secret) {
	# As many lines as make the cost of a line show, if it differs before and after the login.
	my @secrets = map { $secret{$kind}->($_) } 0 .. 9;
	my $store = join '', map { sprintf "user%04d:%s\n", $_, $secrets[ $_ % 10 ] } 1 .. 1000;
	my $locked = $store;
	$locked =~ s/^user0001:.*/user0001:!/m;

	my %messages = (plain => "\0a wrong one\0\0", 'CRAM-MD5' => "\0$digest\0$challenge\0");
	for my $mechanism ($kind =~ /crypt/ ? 'plain' : sort keys %messages) {
		my $rest = $messages{$mechanism};
		my %count = (
			'wrong password, first line' => instructions($store, "user0001$rest"),
			'wrong password, last line' => instructions($store, "user1000$rest"),
			'locked' => instructions($locked, "user0001$rest"),
			'unknown' => instructions($store, "nobody99$rest"),
		);
		my ($least, $most) = (sort { $a <=> $b } values %count)[ 0, -1 ];
		my $percent = 100 * ($most - $least) / $most;
		cmp_ok $percent, '<', 3, sprintf '%s store, %s: %.2f %% between %d and %d instructions', $kind, $mechanism,
		  $percent, $least, $most
		  or diag explain \%count;
	}
}
done_testing;
