# poppasswd(8) and the completion say all that the program knows: commands, options, schemes, formats,
# kinds of findings.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Poppasswd;
use Test::More;

my $root = "$FindBin::Bin/../..";
sub text { return read_file("$root/$_[0]") // die "$_[0]: $!" }

my $manual = text('poppasswd/poppasswd.8');
my $completion = "$root/contrib/completion/poppasswd";

sub names {
	my ($what, $text, $pattern) = @_;
	my %seen;
	my @names = grep { !$seen{$_}++ } $text =~ /$pattern/mg;
	cmp_ok scalar @names, '>', 0, "$what: found in the source";
	return @names;
}

my @commands = names('commands', text('poppasswd/commands.c'), qr/^\t\{ "(\w+)"/m);
for my $command (@commands) {
	like $manual, qr/^\.It Cm (?:\w+ , )?\Q$command\E(?: ,|$)/m, "command $command is explained";
	like poppasswd('--help')->{out}, qr/^  \Q$command\E /m, '... and listed by --help';
}
for my $option (names('options', text('poppasswd/options.c'), qr/^\t\{ "([a-z]+)", (?:no|required)_argument/m)) {
	like $manual, qr/^\.It Fl (?:\w , )?-\Q$option\E\b/m, "option --$option is explained";
}
my @schemes = names('schemes', text('poppasswd/make.c'), qr/^\t\{ "([A-Z0-9-]+)", /m);
is_deeply [ $manual =~ /^\.It Li ([A-Z0-9-]+) Ta /mg ], \@schemes, 'the schemes, in their order';
my ($stanza) = $manual =~ /(^\.It Cm check\n.*?)^\.It Cm import/ms;
like $stanza, qr/^\.Li \Q$_\E\b/m, "finding $_ is explained" for names('findings', text('poppasswd/check.c'), qr/\{ (?:true|false), "([a-z-]+)"/);
like $manual, qr/^\.It Li \Q$_\E$/m, "format $_ is explained" for names('formats', text('poppasswd/source.c') . text('poppasswd/export.c'), qr/\{ "(\w+)", (?:parse|print)_/);

# What bash completes.
SKIP: {
	skip 'bash is not installed', 1 if !-x '/bin/bash';
	put_users("joe:1\njim\@example.org:2\n");
	my $bin = build_dir() . '/bin';
	my $complete = sub {
		my @words = @_;
		open my $output, '-|', '/bin/bash', '-c', 'PATH=$1:$PATH; . "$2"; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _poppasswd; printf "%s\n" "${COMPREPLY[@]}"',
		  'bash', $bin, $completion, 'poppasswd', @words or die "bash: $!";
		return sort grep { length } split /\n/, do { local $/; <$output> } // '';
	};
	is_deeply [ $complete->('') ], [ sort @commands ], 'the commands are completed';
	is_deeply [ $complete->('l') ], [ 'list', 'lock' ], '... from their first letters';
	is_deeply [ $complete->('add', '--g') ], ['--generate'], 'options';
	is_deeply [ $complete->('add', '-s', 'SHA') ], [ 'SHA256-CRYPT', 'SHA512-CRYPT' ], 'schemes';
	is_deeply [ $complete->('-f', users_path(), 'del', 'j') ], [ 'jim@example.org', 'joe' ], 'logins';
	is_deeply [ $complete->('export', '--format', '') ], [ 'dovecot', 'poppasswd' ], 'formats';
	for my $command (@commands) {
		my ($help) = poppasswd($command, '--help')->{out};
		my %known = map { $_ => 1 } $help =~ /(--[a-z]+)/g;
		is_deeply [ grep { !$known{$_} } $complete->($command, '--') ], [], "$command: no option is completed that it does not take";
	}
}
done_testing;
