# Runs each fuzz target over its corpus, in which every input that once broke it is kept.
use strict;
use warnings;
use FindBin;
use Test::More;

my $build = $ENV{CHECKPW_BUILD} || "$FindBin::Bin/../../build";
for my $source (sort glob "$FindBin::Bin/fuzz_*.c") {
	my ($name) = $source =~ m{/fuzz_(\w+)\.c$};
	my @inputs = sort glob "$FindBin::Bin/corpus/fuzz_$name/*";
	my $printed = qx{"$build/fuzz/replay_$name" @inputs};

	is $?, 0, "$name: no crash, no failed assertion";
	is $printed, @inputs . "\n", "$name: all " . @inputs . ' inputs were run';
	cmp_ok scalar @inputs, '>', 1, "$name: there is a corpus";
	my $bytes = 0;
	$bytes += -s $_ for @inputs;
	cmp_ok $bytes, '<=', 65536, "$name: ... which is small";
}
done_testing;
