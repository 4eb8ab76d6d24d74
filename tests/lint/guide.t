# The guide agrees with the code: its tables, the programs, files and keys that it names. Its blocks
# are sound shell; those marked `walk` are run by tests/root/guide.t. The Korean guide has the same
# blocks, tables and names as the English one.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Encode ();
use Test::More;

my $root = "$FindBin::Bin/../..";
sub text { my ($path) = @_; return read_file("$root/$path") // die "$path: $!" }

my $guide = text('doc/guide.md');
my ($programs) = text('Makefile') =~ /^PROGRAMS = (.*)/m;
my @programs = $programs =~ /((?:cmd5)?checkpw[\w-]*|poppasswd)/g;

# The rows of the table whose head begins so, each a list of cells.
sub table {
	my ($text, $head) = @_;
	my ($rows) = $text =~ /^\| \Q$head\E \|.*\n\|[-|]+\n((?:\|.*\n)+)/m;
	ok defined $rows, "there is a table '$head'" or return;
	return map { [ map { s/^ +| +$//gr } split /(?<!\\)\|/, substr $_, 1 ] } split /\n/, $rows;
}

sub code_of { my ($cell) = @_; return [ sort $cell =~ /`([^`]+)`/g ] }

# ---- tables --------------------------------------------------------------------------------------

# Every program that checks is in the table of sources, with a path that its own texts name.
my @checkers = grep { -e "$root/$_/main.c" && text("$_/main.c") =~ /driver_run/ } @programs;
my @sources = table($guide, 'program');
is_deeply [ sort map { @{ code_of($_->[0]) } } @sources ], [ sort @checkers ], 'the sources are the programs';
for my $row (@sources) {
	my ($program) = @{ code_of($row->[0]) };
	my ($store) = @{ code_of($row->[2]) };
	my $own = join '', map { read_file($_) } glob "$root/$program/*.[58]";
	next if $own eq '';
	ok index($own, $store) >= 0, "$program: its manual names $store";
}

my %serves = (CLEAR => 'yes yes yes', CONTEXT => 'yes yes no');
my %kind = text('common/scheme.c') =~ /^\t\{ "([A-Z0-9-]+)", "[^"]*", (\w+)/mg;
my (%told, %expected);
for my $row (table($guide, 'scheme')) {
	$told{$_} = join ' ', @$row[ 1 .. 3 ] for grep { /^\{/ } @{ code_of($row->[0]) };
}
$expected{"{$_}"} = $serves{ $kind{$_} } // 'yes no no' for keys %kind;
is_deeply \%told, \%expected, 'the schemes, and what they serve';

my %exit = (ACCEPTED => q(the subprogram's), REFUSED => 1, MISUSE => 2, TEMPORARY => 111);
my %outcome = text('common/reason.c') =~ /^\t\[REASON_\w+\] = \{ "([^"]+)", OUTCOME_(\w+) \}/mg;
my %told_exit;
for my $row (table($guide, 'exit')) {
	$told_exit{$_} = "$row->[0] $row->[1]" for @{ code_of($row->[3]) };
}
my %word = (ACCEPTED => 'auth-ok', REFUSED => 'auth-fail', MISUSE => 'auth-temp', TEMPORARY => 'auth-temp');
is_deeply \%told_exit, { map { $_ => "$exit{ $outcome{$_} } `$word{ $outcome{$_} }`" } keys %outcome },
  'the reasons, their exit codes and words in the log';

# Each caller's message, as the table writes it, does what the table says.
sub message {
	my ($cell, $password) = @_;
	my $challenge = challenge();
	my %is = (U => 'joe', P => $password, C => $challenge, D => hmac_md5_hex($challenge, $password), 0 => "\0");
	my ($text) = $cell =~ /`([^`]+)`/ or return;
	return join '', map { $is{$_} // (/^\d$/ ? chr : $_) } split / /, $text;
}
for my $row (table($guide, 'server')) {
	my ($server, $run, undef, $plain, $cram) = @$row;
	my $config = join '', map { "$_\n" } $run =~ /`([a-z]+ = yes)`/g;
	for my $case ([ 'PLAIN', $plain, 'plain' ], [ 'CRAM-MD5', $cram, 'cram-md5' ]) {
		my ($name, $cell, $mech) = @$case;
		next if $cell eq '-';
		for my $try ([ 'secret', 0 ], [ 'wrong', 1 ]) {
			my $got = attempt(store => "joe:secret\n", message => message($cell, $try->[0]), config => $config);
			is "$got->{exit} $got->{line}{mech}", "$try->[1] " . ($name eq 'PLAIN' && $try->[1] && $cell =~ /C/ ? $got->{line}{mech} : $mech),
			  "$server: $name, $try->[0]";
		}
	}
}

# ---- blocks, and what the text names ----------------------------------------------------------------

# Kind and text of each block.
sub blocks {
	my ($text) = @_;
	my @blocks;
	while ($text =~ /^ *```(\S[^\n]*)\n(.*?)^ *```$/msg) {
		my ($kind, $script) = ($1, $2);
		push @blocks, [ $kind, $script =~ s/^   //mgr ];
	}
	return @blocks;
}

my %keys = map { $_ => 1 } map { text($_) =~ /\{ "([^"]+)", CONFIGURATION_[A-Z]+,/g }
  map { substr $_, length "$root/" } glob "$root/{common,@{[ join ',', @programs ]}}/*.c";
for my $file (qw(README.md doc/guide.md README.ko.md doc/guide.ko.md)) {
	my $text = text($file);
	my ($folder) = $file =~ m{^(.*/)?};
	$folder //= '';
	for my $block (blocks($text)) {
		my ($kind, $script) = @$block;
		next if $kind !~ /^sh/;
		open my $shell, '|-', 'sh -n 2>/dev/null' or die "sh: $!";
		print {$shell} $script;
		ok close($shell), "$file: the shell takes the block that begins '" . ($script =~ /^(.*)/)[0] . "'";
		ok -e "$root/$_", "$file: there is $_" for $script =~ m{(?<![\w/.])(contrib/[\w./-]+)}g;
	}
	ok -e "$root/$folder$_", "$file: the link to $_" for grep { !m{^(?:https?:|#)} } map { s/#.*//r } $text =~ /\]\(([^)#][^)]*)\)/g;
	my %anchor;
	for my $title (Encode::decode('UTF-8', $text) =~ /^#+ (.*)$/mg) {
		$anchor{ lc($title =~ s/[^\w\s-]//gr) =~ s/\s/-/gr } = 1;
	}
	ok $anchor{ Encode::decode('UTF-8', $_) }, "$file: the section $_" for $text =~ /\]\(#([^)]+)\)/g;
	for my $name ($text =~ /`([a-z][a-z-]+) = [^`]+`/g) {
		ok $keys{$name}, "$file: the key $name";
	}
	my %seen;
	for my $name (grep { !$seen{$_}++ } $text =~ m{`((?:cmd5)?checkpw(?:-[a-z]+)*)`}g) {
		ok((grep { $_ eq $name } @programs, 'checkpw'), "$file: the program $name");
	}
	my %page = map { s{.*/}{}r => 1 } glob "$root/*/*.[1-9]";
	%seen = ();
	for my $page (grep { !$seen{$_}++ } $text =~ /\b((?:[a-z0-9-]*checkpw|poppasswd)[a-z.-]*\([58]\))/g) {
		ok $page{ $page =~ s/\((\d)\)/.$1/r }, "$file: the manual $page";
	}
}

# ---- the two languages ------------------------------------------------------------------------------

# README.ko.md is shorter, but says nothing else.
my %block = map { ("$_->[0]: $_->[1]" => 1) } blocks(text('README.md'));
ok $block{"$_->[0]: $_->[1]"}, "README.ko.md: README.md has the block that begins '" . ($_->[1] =~ /^(.*)/)[0] . "'"
  for blocks(text('README.ko.md'));

my $korean = text('doc/guide.ko.md');
is_deeply [ map { "$_->[0]: $_->[1]" } blocks($korean) ], [ map { "$_->[0]: $_->[1]" } blocks($guide) ],
  'doc/guide.ko.md: the blocks are the same';
s/^ *```.*?^ *```$//msg for $guide, $korean;
my ($rows, $korean_rows) = map { [ map { code_of($_) } /^(\|.*)$/mg ] } $guide, $korean;
is_deeply $korean_rows, $rows, '... the tables name the same';
my ($names, $korean_names) = map { my %all = map { $_ => 1 } /`([^`\n]+)`/g; [ sort keys %all ] } $guide, $korean;
is_deeply $korean_names, $names, '... and so does the text';
is scalar(() = $korean =~ /^#+ /mg), scalar(() = $guide =~ /^#+ /mg), '... with as many sections';
done_testing;
