# Includes point one way, as the table of layers in HACKING.md has it, and each file includes what it
# uses and nothing else. What a header declares is used beyond its module, or it need not be there.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use List::Util 'uniq';
use Test::More;

my $root = "$FindBin::Bin/../..";
my @programs = map { m{([^/]+)/main\.c$} } glob "$root/*/main.c";
my @folders = ('common', @programs);
my @files = map { substr $_, length "$root/" } map { glob "$root/$_/*.[ch]" } @folders;
my %source = map { $_ => read_file("$root/$_") } @files;
my %includes = map { $_ => [ $source{$_} =~ /^#include "([^"]+)"/mg ] } @files;

# The header that `name` is in `file`: beside it, or in common/.
sub header {
	my ($file, $name) = @_;
	my ($folder) = split m{/}, $file;
	return exists $source{"$folder/$name"} ? "$folder/$name" : "common/$name";
}

# ---- direction -----------------------------------------------------------------------------------

my @layers = map { [ sort /`(\w+)`/g ] }
  (read_file("$root/HACKING.md") =~ /^\| layer of `common\/` \|.*\n\|[-|]+\n((?:\|.*\n)+)/m)[0] =~ /^\|[^|]*\|([^|]*)\|/mg;
my %layer;
for my $i (0 .. $#layers) {
	$layer{$_} = $i for @{ $layers[$i] };
}
is_deeply [ sort map { @$_ } @layers ], [ sort(uniq(map { m{^common/(\w+)\.} } @files)) ],
  'each module of common stands in one layer';

for my $file (grep { m{^common/} } @files) {
	my ($module) = $file =~ m{/(\w+)\.};
	my @upward = grep { !defined $layer{s/\.h$//r} || $layer{s/\.h$//r} < $layer{$module} } @{ $includes{$file} };
	is "@upward", "", "$file: includes nothing of a layer above";
}
for my $file (grep { !m{^common/} } @files) {
	my @foreign = grep { !exists $source{ header($file, $_) } } @{ $includes{$file} };
	is "@foreign", "", "$file: includes no other program's";
}

# Whether the headers include each other in a circle.
sub is_circular {
	my ($file, @path) = @_;
	return 1 if grep { $_ eq $file } @path;
	return scalar grep { is_circular(header($file, $_), @path, $file) } @{ $includes{$file} };
}
is_deeply [ grep { /\.h$/ && is_circular($_) } @files ], [], 'no header includes itself, however far';

# ---- what is included, and what is used ----------------------------------------------------------

# A text without its comments and strings.
sub bare { my ($text) = @_; return $text =~ s{/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"}{ }gsr }

# The names that a header gives: functions, variables, macros, types, members of enums.
sub declared {
	my ($file) = @_;
	my $text = bare($source{$file});
	my ($guard) = $text =~ /^#ifndef (\w+)/m;
	my @names = $text =~ /^#define (\w+)/mg;
	push @names, $text =~ /^((?:struct|enum) \w+) \{/mg;
	push @names, $text =~ /^typedef [^;]*?(\w+)\(/mg;
	push @names, $text =~ /^extern [^;]*?(\w+)(?:\[[^;]*)?;/mg;
	push @names, $text =~ /^(?!typedef|extern)\w[^;{}()=]*?\b(\w+)\([^;{}]*\)\s*[;{]/mg;
	push @names, map { /\b([A-Z]\w+)/g } map { s/=[^,]*//gr } $text =~ /^(?:\w+ )*enum \w* ?\{([^}]*)\}/mg;
	push @names, qw(bool size_t) if $file eq 'common/span.h';
	return grep { $_ ne $guard } uniq @names;
}

my %uses;
for my $file (@files) {
	my $text = bare($source{$file});
	$uses{$file}{$_}++ for $text =~ /\b((?:struct|enum) \w+)/g, $text =~ /(?<!\.|>)\b([A-Za-z_]\w*)/g;
}
my %gives = map { $_ => [ declared($_) ] } grep { /\.h$/ } @files;
ok !(grep { !@$_ } values %gives), 'each header declares something';

my %everywhere = map { ("common/$_.h" => 1) } @{ $layers[-1] };
for my $file (@files) {
	my $own = $file =~ s/\.c$/.h/r;
	my @headers = map { header($file, $_) } @{ $includes{$file} };
	my @idle = grep { my $h = $_; $h ne $own && !grep { $uses{$file}{$_} } @{ $gives{$h} } } @headers;
	is "@idle", "", "$file: includes nothing that it does not use";
	# What its headers include need not be said again, nor what everything is written with; but that
	# may not be relied on further than one step.
	my @near = uniq @headers, map { header($own, $_) } @{ $includes{$own} || [] };
	my %at_hand = map { $_ => 1 } $file, $own, @near;
	for my $near (@near) {
		$at_hand{ header($near, $_) } = 1 for @{ $includes{$near} };
	}
	my ($folder) = split m{/}, $file;
	my @missing;
	for my $header (grep { m{^(?:common|\Q$folder\E)/} && !$at_hand{$_} && !$everywhere{$_} } sort keys %gives) {
		my ($name) = grep { $uses{$file}{$_} && $source{$file} !~ /^#define $_\b/m } @{ $gives{$header} };
		push @missing, "$header ($name)" if defined $name;
	}
	is "@missing", "", "$file: includes what it uses";
}

# A function that only its own module uses may be shown to tests; one that only tests use is dead.
my %tested = map { $_ => 1 } map { bare(read_file($_)) =~ /\b([A-Za-z_]\w*)/g } glob "$root/tests/*/*.c";
for my $header (sort keys %gives) {
	my $own = $header =~ s/\.h$/.c/r;
	my @idle;
	for my $name (@{ $gives{$header} }) {
		next if grep { $_ ne $header && $_ ne $own && $uses{$_}{$name} } @files;
		# A type serves by its members, and by the functions that take it.
		next if $name =~ /^enum / || $source{$header} =~ /^typedef .*\b$name\(/m;
		my $inside = $uses{$header}{$name} + ($uses{$own}{$name} // 0);
		# What a macro of the header calls is used wherever the macro is.
		my $is_function = $name =~ /^[a-z]\w*$/ && $uses{$header}{$name} == 1;
		push @idle, $name if $is_function ? $inside < 3 || !$tested{$name} : $inside < 2;
	}
	is "@idle", "", "$header: all that it declares is used";
}

done_testing;
