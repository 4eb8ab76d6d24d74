# Runs poppasswd, and tells what it said and what became of its file.
package Poppasswd;

use strict;
use warnings;

use Checker;
use Exporter 'import';
use POSIX ();

our @EXPORT = qw(poppasswd users_path put_users users logs_in refused index_users);

our $path; # of the file of users, where it is not to be in the scratch folder

sub users_path { return $path // scratch() . '/users' }

# The file of users with these bytes; without any it is taken away, its index too.
sub put_users {
	my ($text, $mode) = @_;
	unlink users_path(), users_path() . '.cdb';
	write_file(users_path(), $text, $mode // 0400) if defined $text;
	return;
}

sub users { return scalar read_file(users_path()) }

# poppasswd(\%given, arguments) or poppasswd(arguments): -f with the file of users goes before them.
#   stdin    bytes for standard input
#   file     another file; undef for no -f
#   program  another copy of it
#   before   words before the program
#   env      variables
#   child    code that runs in the child before exec
# Returns a hash: exit, signal, out, err.
sub poppasswd {
	my %given = ref $_[0] ? %{ shift() } : ();
	my @arguments = @_;
	my $dir = scratch();
	my $tag = $$;
	my $file = exists $given{file} ? $given{file} : users_path();
	my @words = (@{ $given{before} || [] }, $given{program} // checker('poppasswd'), defined $file ? ('-f', $file) : (), @arguments);

	write_file("$dir/stdin.$tag", $given{stdin} // '');
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		# A session of its own has no terminal to ask on.
		POSIX::setsid();
		open STDIN, '<', "$dir/stdin.$tag" or POSIX::_exit(97);
		open STDOUT, '>', "$dir/out.$tag" or POSIX::_exit(97);
		open STDERR, '>', "$dir/err.$tag" or POSIX::_exit(97);
		%ENV = (PATH => '/usr/bin:/bin', %{ $given{env} || {} });
		$given{child}->() if $given{child};
		{ exec {$words[0]} @words }
		POSIX::_exit(96);
	}
	waitpid $pid, 0;
	my %result = (exit => $? >> 8, signal => $? & 127);
	$result{out} = read_file("$dir/out.$tag") // '';
	$result{err} = read_file("$dir/err.$tag") // '';
	unlink map { "$dir/$_.$tag" } qw(stdin out err);
	return \%result;
}

# What cmd5checkpw says to login and password with the file of users: exit code, reason, and whether
# it warned.
sub login {
	my ($login, $password, %more) = @_;
	my $got = attempt(file => users_path(), message => "$login\0$password\0\0", %more);
	my ($warning) = $got->{log} =~ /warning detail="(.*)"/;
	return { exit => $got->{exit}, reason => $got->{line}{reason}, warning => $warning, log => $got->{log} };
}

sub logs_in { my $got = login(@_); return $got->{exit} == 0 && $got->{reason} eq 'ok' }
sub refused { my $got = login(@_); return $got->{exit} == 1 }

# Makes the index; its output.
sub index_users { return poppasswd('index') }

1;
