# An unknown, a locked and a known login with a wrong password cost the same work, counted in
# instructions: what a client could measure tells it nothing.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;
use Vpopmail;

plan skip_all => 'valgrind is not installed' if !-x '/usr/bin/valgrind';
plan skip_all => 'a sanitizer does not run under valgrind' if build_dir() =~ m{/san$};

sub instructions {
	my ($store, $message, $program, %more) = @_;
	my $dir = scratch();
	my $got = attempt(store => $store, message => $message, %more,
		program => [ qw(/usr/bin/valgrind --tool=callgrind), "--callgrind-out-file=$dir/callgrind.out", checker($program) ]);
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

# A domain of vpopmail whose first user, the one that stands in for an absent one, cannot be tried.
{
	my $dir = scratch();
	my $hash = crypt 'secret', '$6$saltsaltsalt';
	mkdir "$dir/domain";
	write_file("$dir/cdb", cdb_of(assign_data('example.org', 'example.org', 1, 1, "$dir/domain")));
	for my $first ('*', '{FOO}x', '', $hash) {
		my $users = join '', vpasswd_line('ann', $first, "$dir/domain/ann"), vpasswd_line('joe', $hash, "$dir/domain/joe");
		write_file("$dir/domain/vpasswd.cdb", vpasswd_cdb_of($users));
		my %count = map {
			$_ => instructions(undef, "$_\0a wrong one\0\0", 'checkpw-vpasswd', config => "users-cdb = $dir/cdb\nservice = smtp\n")
		} map { "$_\@example.org" } qw(ann joe eve);
		my ($least, $most) = (sort { $a <=> $b } values %count)[ 0, -1 ];
		cmp_ok 100 * ($most - $least) / $most, '<', 3, "vpopmail, the first user's secret is '$first': between $least and $most instructions"
		  or diag explain \%count;
	}
}
done_testing;
