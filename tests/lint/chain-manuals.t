# What the manuals and the completions of checkpw-chain and checkpw-test say agrees with their source.
# What all manuals have in common is looked at by manuals.t.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Test::More;

my $root = "$FindBin::Bin/../..";
my ($chain, $test) = map { text("$_/$_.8") } qw(checkpw-chain checkpw-test);
my $completion = text('contrib/completion/checkpw-test');

sub text {
	my ($path) = @_;
	return read_file("$root/$path") // die "$path: $!";
}

sub names {
	my ($what, $text, $pattern) = @_;
	my @names = $text =~ /$pattern/g;
	cmp_ok scalar @names, '>', 0, "$what: found in the source";
	return @names;
}

for my $option (names('options', text('checkpw-test/main.c'), qr/\{ "([a-z]+)", (?:no|required)_argument/)) {
	like $test, qr/^\.It Fl -$option\b/m, "--$option stands in the manual";
	like $completion, qr/^\t*-\*\).* --$option\b/m, '... and in the completion';
}
my $shapes = text('checkpw-test/shape.c');
for my $id (names('shapes', $shapes, qr/^\t\{ "(S\d[a-z]?)",/m)) {
	my ($row) = $shapes =~ /^\t\{ "$id",\s*"[^"]*",\s*\{ (.*?) \}/ms;
	my @strings = split /,\s*/, $row;
	my @words = qw(plain login cram-md5 apop lookup);
	my $has = join ' ', map { ($strings[$_] // 'NULL') ne 'NULL' ? $words[$_] : () } 0 .. 4;
	like $test, qr/^\.It $id Ta $has Ta \S/m, "shape $id stands in the manual with its mechanisms";
	like $completion, qr/--shape\).*\b$id\b/, '... and in the completion';
}
for my $verdict (names('verdicts', text('checkpw-test/attempt.c'), qr/^\t\[ATTEMPT_\w+\] = "([^"]+)"/m)) {
	like $test, qr/^\.It Li \Q$verdict\E$/m, "the verdict '$verdict' stands in the manual";
}
for my $signal (names('signals', text('checkpw-chain/relay.c') =~ /passed_on\[\] = \{(.*?)\}/s, qr/SIG(\w+)/)) {
	like $chain, qr/^Signals that a process sends[^.]*\b$signal\b/m, "$signal stands in the manual";
}
my ($links) = text('checkpw-chain/links.h') =~ /^#define LINKS_MAX (\d+)/m;
like $_, qr/\b$links\b/, 'the number of checkers stands in the manual' for $chain, text('checkpw-chain/checkpw-chain.conf.5');
my ($bytes) = text('common/configuration.h') =~ /^#define CONFIGURATION_LIST_BYTES (\d+)/m;
like text('checkpw-chain/checkpw-chain.conf.5'), qr/less than $bytes bytes/, 'the size of the list too';
my ($seconds) = text('checkpw-test/attempt.h') =~ /^#define ATTEMPT_SECONDS\s+(\d+)/m;
like $test, qr/^The default is $seconds:/m, 'the time until a checker hangs too';

# The completion, as bash calls it.
for my $case ([ '--sh', '--shape' ], [ '--shape S6', 'S6 S6u' ], [ '--order o', 'old' ], [ '--as roo', 'root' ], [ '--mech ap', 'apop' ]) {
	my ($line, $expected) = @{$case};
	my @words = ('checkpw-test', split / /, $line);
	my $got = `bash -c 'source $root/contrib/completion/checkpw-test; COMP_WORDS=(@words); COMP_CWORD=$#words; _checkpw_test; echo "\${COMPREPLY[*]}"'`;
	is $got, "$expected\n", "completion of: $line";
}
done_testing;
