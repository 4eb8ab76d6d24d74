# Guesses an hour with the penalty and without it, and what it costs those who know their password:
# real processes of the real checker, in simulated time. The callers wait 5 s after an answer, as
# qmail-smtpd does. `tests/cli/penalty_simulation.t SECONDS` simulates longer.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $simulation = build_dir() . '/simulation';
my $dir = scratch();
my $users = write_file("$dir/users", "joe:secret\nann:secret\n");
my $longer = $ARGV[0];

# For each group of clients: attempts, per-hour, accepted, waits, longest.
sub simulate {
	my ($scenario, $penalty, $seconds) = @_;
	unlink "$dir/penalty";
	my $conf = write_file("$dir/conf", "log = none\nfile = $users\npenalty = $penalty\npenalty-file = $dir/penalty\ndeadline = 3600\n");
	my $output = qx{"$simulation/simulate" "$simulation/cmd5checkpw" $conf $scenario @{[ $longer // $seconds ]}};
	is $?, 0, "$scenario, penalty = $penalty";
	my %groups;
	for my $line (split /\n/, $output) {
		my ($name, @fields) = split ' ', $line;
		$groups{$name} = { map { split /=/ } @fields };
	}
	note $output;
	return \%groups;
}

# Nobody who knows his password is refused, or waits more than once.
sub users_are_spared {
	my ($groups, @names) = @_;
	for my $name (@names) {
		my $group = $groups->{$name};
		is $group->{accepted}, $group->{attempts}, "... $name: accepted $group->{accepted} times";
		cmp_ok $group->{waits}, '<=', 1, "... waited $group->{waits} times, $group->{longest} s";
		cmp_ok $group->{attempts}, '>', 2, '... and more often tried';
	}
	return;
}

sub compare {
	my ($scenario, $without_seconds, $with_seconds, $least, $most, $factor, @users) = @_;
	my $without = simulate($scenario, 'no', $without_seconds)->{attacker}{'per-hour'};
	my $groups = simulate($scenario, 'yes', $with_seconds);
	my $with = $groups->{attacker}{'per-hour'};
	is $groups->{attacker}{accepted}, 0, '... no guess was right';
	cmp_ok $with, '>=', $least, "... $with guesses an hour, without penalty $without";
	cmp_ok $with, '<=', $most, "... not more than $most";
	cmp_ok $without, '>=', $factor * $with, "... at most a part in $factor";
	users_are_spared($groups, @users);
	return $groups;
}

# 32 connections of 45 s and a pause of 5 s: 2304.
my $groups = compare('one-address', 25, 400, 2000, 2500, 9, 'home', 'abroad');
is $groups->{home}{waits}, 0, '... at home, where he logged in before the attack, he did not wait';
cmp_ok $groups->{abroad}{longest}, '<=', 15, '... elsewhere 15 s';

# 1000 connections of 15 s and a pause of 5 s: 180000.
$groups = compare('many-addresses', 25, 71, 170_000, 190_000, 3.9, 'home', 'abroad');
is $groups->{home}{waits}, 0, '... at home he did not wait';
cmp_ok $groups->{abroad}{longest}, '<=', 15, '... elsewhere 15 s';

# One connection of 15 s and a pause of 5 s: 180.
$groups = compare('many-logins', 70, 900, 170, 200, 3.5, 'home', 'neighbour');
is $groups->{home}{waits}, 0, '... another address is not concerned';
cmp_ok $groups->{neighbour}{longest}, '<=', 15, '... behind the same one he waits 15 s';
$groups = compare('many-logins-32', 25, 300, 2000, 2600, 8, 'home', 'neighbour');
is $groups->{neighbour}{waits}, 0, '... behind the same address he who logged in before did not wait';

$groups = simulate('household', 'yes', 4000);
users_are_spared($groups, 'laptop', 'spouse');
is $groups->{telephone}{accepted}, 0, '... the telephone with the old password was refused';
is $groups->{telephone}{waits}, 0, '... and counted once';

unlike read_file(checker()), qr/simulation/i, 'the program that is installed knows nothing of it';
done_testing;
