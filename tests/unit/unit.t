# Runs each unit test program and folds its TAP in: one subtest a program.
use strict;
use warnings;
use FindBin;
use Test::More;

my $build = $ENV{CHECKPW_BUILD} || "$FindBin::Bin/../../build";
$ENV{CHECKPW_VECTORS} ||= "$FindBin::Bin/../vectors/credentials.tsv";
delete @ENV{qw(CHECKPW_CONF SERVICE AUTHORIZED SMTPAUTH SMTPAUTHMETHOD TCPREMOTEIP TCPLOCALPORT)};

sub run_program {
	my ($program) = @_;
	my ($planned, @seen);

	return fail "$program is missing: make test-programs" unless -x $program;
	open my $tap, '-|', $program or return fail "$program: $!";
	while (my $line = <$tap>) {
		chomp $line;
		if ($line =~ /^1\.\.(\d+)$/) {
			$planned = $1;
		} elsif ($line =~ /^(?:not )?ok (\d+) # SKIP (.*)/) {
			push @seen, $1;
			SKIP: { skip $2, 1 }
		} elsif ($line =~ /^(not )?ok (\d+)(?: - (.*))?$/) {
			push @seen, $2;
			ok !$1, $3;
		} else {
			$line =~ s/^# ?//;
			note $line;
		}
	}
	close $tap;
	is $?, 0, 'ends with status 0';
	ok $planned, 'has a plan';
	is_deeply \@seen, [1 .. $planned // 0], 'runs each planned test once, in order';
}

my @names = map { m{([^/]+)\.c$} } sort glob "$FindBin::Bin/test_*.c";
ok @names >= 12, 'all modules have their test' or diag "only @names";
for my $name (@names) {
	subtest $name => sub { run_program("$build/unit/$name") };
}
done_testing;
